"""Derived orders: of the writers of a register that were visible to a reader, the one it chose was the last.

Only the last of the others are named, of all of them and of those that were visible directly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from raceway_core.isolation.effort import FOUND, Effort
from raceway_core.isolation.lane import Flags, Lanes, Numbers
from raceway_core.isolation.near import Near
from raceway_core.isolation.reach import Block
from raceway_core.isolation.read_table import ReadTable


class Derived(NamedTuple):
    """`first` comes before `second`, since a reader to which both were visible chose the second."""

    first: int
    second: int
    key: str
    is_direct: bool


class Pairs(NamedTuple):
    """Items, each with a run of its key.

    On the run's lane the writers up to place `seen` are visible to the reader, and those from place
    `newer` on come after the version that it read.
    """

    item: Numbers
    run: Numbers
    seen: Numbers
    newer: Numbers


class DerivedOrders:
    """Collects the derived orders, block by block."""

    def __init__(self, table: ReadTable, near: Near, lanes: Lanes, effort: Effort) -> None:
        self._table = table
        self._near = near
        self._lanes = lanes
        self._effort = effort
        self.found: list[Derived] = []

    def look(self, block: Block, part: slice, pairs: Pairs) -> None:
        """Note what a part of the items tells; `pairs` are all of theirs."""
        runs = self._table.runs
        until = np.minimum(pairs.seen, pairs.newer - 1)
        possible = np.flatnonzero(self._is_apart(block, pairs.item, runs.run_lane[pairs.run], until))
        entry, is_one = runs.last_until(pairs.run[possible], until[possible])
        item, entry = pairs.item[possible][is_one], entry[is_one]
        last = self._is_apart(block, item, runs.lane[entry], runs.place[entry])
        item, entry = item[last], entry[last]
        direct_item, direct_entry = self._direct(block, part)
        self._note_latest(
            block,
            np.concatenate((item, direct_item)),
            runs.writer[np.concatenate((entry, direct_entry))],
            np.concatenate((self._near.is_own(item, entry), np.ones(len(direct_item), np.bool_))),
        )

    def _direct(self, block: Block, part: slice) -> tuple[Numbers, Numbers]:
        """Return the pairs of items and entries of which the item's reader read from the entry's writer."""
        runs = self._table.runs
        item, entry = self._near.part(part)
        inside = block.has(runs.lane[entry]) & self._table.within[self._table.key[item]]
        item, entry = item[inside], entry[inside]
        lane, place = runs.lane[entry], runs.place[entry]
        is_older = place < block.after(self._table.source[item], lane)
        kept = is_older & self._is_apart(block, item, lane, place)
        return item[kept], entry[kept]

    def _is_apart(self, block: Block, item: Numbers, lane: Numbers, place: Numbers) -> Flags:
        """Return which places neither come before the version that an item read, nor are it."""
        source = self._table.source[item]
        floor = block.before(source, lane)
        apart: Flags = (source >= 0) & (lane != self._lanes.lane[source]) & (place > floor)
        return apart

    def _note_latest(self, block: Block, item: Numbers, writer: Numbers, is_near: Flags) -> None:
        order = np.lexsort((~is_near, -self._lanes.rank[writer], item))
        item, writer, is_near = item[order], writer[order], is_near[order]
        is_new = (np.diff(item, prepend=-1) != 0) | (np.diff(writer, prepend=-1) != 0)
        item, writer, is_near = item[is_new], writer[is_new], is_near[is_new]
        near = np.flatnonzero(is_near)
        direct = near[block.latest(item[near], writer[near])]
        others = np.flatnonzero(block.latest(item, writer) & ~is_near)
        found = np.concatenate((direct, others))
        is_direct = np.arange(len(found)) < len(direct)
        in_order = np.lexsort((found, ~is_direct, item[found]))
        found, is_direct = found[in_order], is_direct[in_order]
        if self._effort.allows(FOUND * len(found)):
            self._keep(item[found], writer[found], is_direct)

    def _keep(self, item: Numbers, writer: Numbers, is_direct: Flags) -> None:
        table = self._table
        columns = (writer, table.source[item], table.key[item], is_direct)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        self.found += [Derived(first, second, table.names[key], flag) for first, second, key, flag in rows]
