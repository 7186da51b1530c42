"""What reaches what: of each lane, how many of its writers are before a transaction, and how many after.

A row is a vector clock that counts writers. Rows of every lane would be quadratic where sessions are
many, so lanes are taken in blocks: the rows of a block are made by one pass forward and one back over
the edges, used, and dropped.

Sources: Fidge 1988 and Mattern 1989 (vector clocks); Jagadish 1990 (one number per chain).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from raceway_core.isolation.effort import ROW, Effort
from raceway_core.isolation.lane import Flags, Lanes, Numbers
from raceway_core.isolation.writes import BEFORE_ALL

_Table: TypeAlias = npt.NDArray[np.unsignedinteger]


class Block:
    """The rows of the lanes `first` to `last - 1`. Arrays of transactions and lanes are of one shape."""

    def __init__(self, lanes: Lanes, first: int, last: int, effort: Effort) -> None:
        self.first = first
        self.last = last
        self._lanes = lanes
        self._effort = effort
        self._own = np.flatnonzero(self.has(lanes.lane))
        self._before = self._rows(lanes.place)
        behind = np.append(lanes.sizes, 0)[lanes.lane] - lanes.place + lanes.is_writer
        self._after = self._rows(behind)
        before, after = list(self._before), list(self._after)
        for source, target in lanes.edges:
            np.maximum(before[source], before[target], out=before[target])
        for source, target in reversed(lanes.edges):
            np.maximum(after[source], after[target], out=after[source])
        self._forget_itself(self._before)
        self._forget_itself(self._after)
        self._after[BEFORE_ALL] = lanes.sizes[first:last]

    def _rows(self, own: Numbers) -> _Table:
        """Return rows in which each transaction knows its own lane only, and below them BEFORE_ALL's."""
        lane, longest = self._lanes.lane, int(self._lanes.sizes[self.first])
        table = np.zeros((len(lane) + 1, self.last - self.first), dtype=np.min_scalar_type(longest))
        table[self._own, lane[self._own] - self.first] = own[self._own]
        return table

    def _forget_itself(self, table: _Table) -> None:
        own = self._own
        table[own, self._lanes.lane[own] - self.first] -= self._lanes.is_writer[own].astype(table.dtype)

    def has(self, lanes: Numbers) -> Flags:
        """Return which lanes are in the block."""
        return (self.first <= lanes) & (lanes < self.last)

    def before(self, nodes: Numbers, lanes: Numbers) -> Numbers:
        """Return the place of the last writer on each lane that reaches each node, 0 for none."""
        return self._known(self._before, nodes, lanes).astype(np.int64)

    def after(self, nodes: Numbers, lanes: Numbers) -> Numbers:
        """Return the place of the first writer on each lane that each node reaches; past its end for none.

        A node may be BEFORE_ALL.
        """
        return self._lanes.sizes[lanes] + 1 - self._known(self._after, nodes, lanes)

    def _known(self, table: _Table, nodes: Numbers, lanes: Numbers) -> _Table:
        known: _Table = table.ravel()[nodes * table.shape[1] + lanes - self.first]
        return known

    def latest(self, groups: Numbers, writers: Numbers) -> Flags:
        """Return which writers reach no other of their group; a group's stand together, the last first."""
        return self._frontier(groups, writers, self._before, self._lanes.place)

    def earliest(self, groups: Numbers, writers: Numbers) -> Flags:
        """Return which writers no other of their group reaches; a group's stand together, the first first."""
        behind = np.append(self._lanes.sizes, 0)[self._lanes.lane] - self._lanes.place + 1
        return self._frontier(groups, writers, self._after, behind)

    def _frontier(self, groups: Numbers, writers: Numbers, table: _Table, places: Numbers) -> Flags:
        """Take of every group the next writer, and drop those that it knows, until none is left.

        Time: O(writers · the most that are taken of a group).
        """
        lane, place = self._lanes.lane[writers], places[writers]
        found = np.zeros(len(groups), dtype=np.bool_)
        left = np.arange(len(groups))
        while len(left) and self._effort.allows(len(left)):
            group = groups[left]
            is_next = np.diff(group, prepend=-1) != 0
            nexts = left[is_next]
            found[nexts] = True
            knower = writers[nexts][np.cumsum(is_next) - 1]
            left = left[~is_next & (place[left] > self._known(table, knower, lane[left]))]
        return found


def blocks_of(lanes: Lanes, effort: Effort) -> Iterator[Block]:
    """Yield blocks of the lanes, those with most writers first, as far as the effort allows.

    Time: O(edges) for each block, of rows.
    """
    first = 0
    while first < len(lanes.sizes) and effort.allows(2 * ROW * len(lanes.edges)):
        row = len(lanes.lane) * np.min_scalar_type(int(lanes.sizes[first])).itemsize
        last = min(len(lanes.sizes), first + max(1, effort.block_bytes // row))
        yield Block(lanes, first, last, effort)
        first = last
