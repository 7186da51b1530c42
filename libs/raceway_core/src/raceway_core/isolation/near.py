"""What is visible to a transaction directly: its session before it, and whatever it read from.

Source: Biswas & Enea 2019 (read atomic is causal consistency of what is visible directly).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from raceway_core.isolation.lane import Flags, Lanes, Numbers
from raceway_core.isolation.read_table import ReadTable


class Near(NamedTuple):
    """Pairs of an item and an entry of its key, whose writer the item's reader read from; by item."""

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
    session = lanes.session.tolist()
    written, read = _by_transaction(table, len(session))
    pairs = []
    for source, target in lanes.edges:
        if session[source] != session[target]:
            entries, items = written[source], read[target]
            few, many = (entries, items) if len(entries) < len(items) else (items, entries)
            pairs += [(items[key], entries[key]) for key in few if key in many]
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    item, entry = array[np.lexsort((array[:, 1], array[:, 0]))].T
    return Near(item, entry, table, lanes.session)


def _by_transaction(table: ReadTable, size: int) -> tuple[list[dict[int, int]], list[dict[int, int]]]:
    """Return by transaction and key the entry of what it wrote, and the item of what it read."""
    runs = table.runs
    written: list[dict[int, int]] = [{} for _ in range(size)]
    read: list[dict[int, int]] = [{} for _ in range(size)]
    keys = np.repeat(runs.run_key, runs.end - runs.start)
    for entry, (writer, key) in enumerate(zip(runs.writer.tolist(), keys.tolist(), strict=True)):
        written[writer][key] = entry
    for item, (reader, key) in enumerate(zip(table.reader.tolist(), table.key.tolist(), strict=True)):
        read[reader][key] = item
    return written, read
