"""What is visible to a transaction directly: its session before it, and whatever it read from.

Source: Biswas & Enea 2019 (read atomic is causal consistency of what is visible directly).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from raceway_core.isolation.lane import Flags, Lanes, Numbers
from raceway_core.isolation.read_table import ReadTable

_AT_A_TIME = 500_000


class Near(NamedTuple):
    """Pairs of an item and an entry of its key, whose writer the item's reader read from; by item.

    Those whose entry is the very version that was read are left out.
    """

    item: Numbers
    entry: Numbers
    table: ReadTable
    session: Numbers

    def part(self, items: slice) -> tuple[Numbers, Numbers]:
        """Return the pairs of a part of the items."""
        begin, end = np.searchsorted(self.item, (items.start, items.stop))
        return self.item[begin:end], self.entry[begin:end]

    def is_own(self, items: Numbers, entries: Numbers) -> Flags:
        """Return which entries are of the session of the item's reader."""
        session = self.session
        own: Flags = session[self.table.reader[items]] == session[self.table.runs.writer[entries]]
        return own


def near_of(table: ReadTable, lanes: Lanes) -> Near:
    """Return what is near. Time: O(edges · the smaller of what one end read and the other wrote)."""
    runs, size, keys = table.runs, len(lanes.lane), len(table.names)
    written = _Index(runs.writer, np.repeat(runs.run_key, runs.end - runs.start), size, keys)
    read = _Index(table.reader, table.key, size, keys)
    source, target = np.fromiter(chain.from_iterable(lanes.edges), np.int64).reshape(-1, 2).T
    is_foreign = lanes.session[source] != lanes.session[target]
    source, target = source[is_foreign], target[is_foreign]
    are_fewer_read = read.count[target] <= written.count[source]
    of_read = list(read.common(target[are_fewer_read], written, source[are_fewer_read]))
    of_written = list(written.common(source[~are_fewer_read], read, target[~are_fewer_read]))
    item = np.concatenate([*(mine for mine, _ in of_read), *(theirs for _, theirs in of_written)])
    entry = np.concatenate([*(theirs for _, theirs in of_read), *(mine for mine, _ in of_written)])
    is_another = table.source[item] != runs.writer[entry]
    item, entry = item[is_another], entry[is_another]
    order = np.lexsort((entry, item))
    return Near(item[order], entry[order], table, lanes.session)


class _Index:
    """Places in a table by transaction and key; of a transaction each key stands once."""

    def __init__(self, transactions: Numbers, keys: Numbers, size: int, key_count: int) -> None:
        codes = transactions * key_count + keys
        self.count: Numbers = np.bincount(transactions, minlength=size)
        self._key_count = key_count
        self._place = np.argsort(codes)
        self._code = codes[self._place]
        self._start = np.cumsum(self.count) - self.count

    def common(self, mine: Numbers, other: _Index, theirs: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield the places here and there of keys that a transaction of `mine` has, and its of `theirs`."""
        ends = np.cumsum(self.count[mine])
        for begin, end in _parts(ends):
            counts = self.count[mine[begin:end]]
            within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            here = np.repeat(self._start[mine[begin:end]], counts) + within
            key = self._code[here] % self._key_count
            wanted = np.repeat(theirs[begin:end], counts) * self._key_count + key
            there = np.searchsorted(other._code, wanted)
            is_common = np.append(other._code, -1)[there] == wanted
            yield self._place[here[is_common]], other._place[there[is_common]]


def _parts(ends: Numbers) -> Iterator[tuple[int, int]]:
    """Yield ranges of rows that have about `_AT_A_TIME` together; there is at least one, maybe empty."""
    begin = 0
    while begin < len(ends) or not begin:
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _AT_A_TIME, side="right")))
        yield begin, end
        begin = end
