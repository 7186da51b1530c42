"""Stale reads: of a version, though a newer one was visible to the reader.

Of each read the last writer that it missed is found, of those that were visible directly if there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from raceway_core.isolation.graph import Edge, EdgeKind
from raceway_core.isolation.lane import Lanes, Numbers
from raceway_core.isolation.near import Near
from raceway_core.isolation.reach import Block
from raceway_core.isolation.read_table import ReadTable
from raceway_core.isolation.turn_search import TurnSearch

_NONE = -1


class Stale(NamedTuple):
    """`reader` missed what `writer` wrote to `edge.key`, though it was visible to it."""

    reader: int
    edge: Edge
    is_direct: bool


class StaleReads:
    """Collects the stale reads, block by block."""

    def __init__(self, table: ReadTable, near: Near, lanes: Lanes) -> None:
        self._table = table
        self._near = near
        self._rank = lanes.rank
        self._turns = TurnSearch(table.runs)
        self._best = np.full(len(table.reader), _NONE, dtype=np.int64)

    def look_at_registers(self, item: Numbers, run: Numbers, seen: Numbers, newer: Numbers) -> None:
        """Note reads of registers; of a run's lane the writers `newer` to `seen` were missed."""
        possible = np.flatnonzero(newer <= seen)
        runs, item = self._table.runs, item[possible]
        entry, is_one = runs.last_until(run[possible], seen[possible])
        is_one &= runs.place[entry] >= newer[possible]
        self._note(item[is_one], entry[is_one])

    def look_at_orders(self, item: Numbers, run: Numbers, seen: Numbers) -> None:
        """Note reads of keys with an order; the writers of a run up to `seen` were visible."""
        turns = self._table.turns[item]
        entry, is_one = self._table.runs.last_until(run, seen)
        is_one &= self._turns.highest[entry] >= turns
        self._note(item[is_one], self._turns.last_newer(entry[is_one], turns[is_one]))

    def look_near(self, block: Block) -> None:
        """Note what was missed of transactions that the reader read from."""
        table, runs = self._table, self._table.runs
        inside = block.has(runs.lane[self._near.entry]) & table.within[table.key[self._near.item]]
        item, entry = self._near.item[inside], self._near.entry[inside]
        newer = block.after(table.source[item], runs.lane[entry])
        is_missed = np.where(
            item < table.registers, runs.place[entry] >= newer, runs.turn[entry] >= table.turns[item]
        )
        self._note(item[is_missed], entry[is_missed], is_near=True)

    def _note(self, item: Numbers, entry: Numbers, *, is_near: bool = False) -> None:
        near = is_near | self._near.is_own(item, entry)
        score = near * len(self._rank) + self._rank[self._table.runs.writer[entry]]
        np.maximum.at(self._best, item, score)

    def found(self) -> Iterator[Stale]:
        """Yield what was found, in the order of the items."""
        table, size = self._table, len(self._rank)
        writer_of = np.argsort(self._rank)
        for item in np.flatnonzero(self._best != _NONE).tolist():
            is_direct, rank = divmod(int(self._best[item]), size)
            is_derived = bool(table.source[item] >= 0)
            key = table.names[table.key[item]]
            edge = Edge(int(writer_of[rank]), EdgeKind.RW, key, is_derived)
            yield Stale(int(table.reader[item]), edge, bool(is_direct))
