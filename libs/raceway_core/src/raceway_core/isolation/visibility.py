"""What visibility implies: the order of a register's versions, and reads of what was overwritten.

A transaction is visible to another if a chain of sessions and reads (so, wr) leads from it to the
other. For a read of a key by R, of the version that W made:

    rw        R comes before each earliest writer of the key that W was visible to
    stale     such a writer was visible to R itself: R read an old version, which no level from
              causal consistency on allows, and none from read atomic on if it was visible directly
    derived   another writer of the key was visible to R: so it comes before W, whose version R chose

Source: Biswas & Enea 2019 (axioms of read atomic and causal consistency); Bouajjani et al. 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from raceway_core.isolation.dependency import Dependencies, Register
from raceway_core.isolation.derived import Derived, DerivedOrders, Pairs
from raceway_core.isolation.effort import PAIR, Effort, Limits
from raceway_core.isolation.graph import Edge, EdgeKind, Graph, Step
from raceway_core.isolation.lane import Lanes, lanes_of
from raceway_core.isolation.near import near_of
from raceway_core.isolation.reach import Block, blocks_of
from raceway_core.isolation.read_table import read_table
from raceway_core.isolation.stale import Stale, StaleReads
from raceway_core.isolation.version_order import VersionOrder


class Visibility(NamedTuple):
    """What was found. The edges are in the graph; `implied` are the rw edges that rest on `derived`.

    Where it is cut, some lanes or keys were left out, and there may be more.
    """

    stale: Sequence[Stale]
    derived: Sequence[Derived]
    implied: Sequence[Step]
    is_cut: bool = False


def add_visibility(found: Dependencies, limits: Limits) -> Visibility:
    """Add to the graph what visibility implies, as far as the limits allow, and return what it contradicts.

    Time: O((edges + reads · log n) · lanes), and what is found.
    """
    writers = {writer for register in found.registers for writer in register.writers}
    writers.update(writer for order in found.orders for writer in (*order.turns, *order.unseen))
    lanes = lanes_of(found.graph, found.sessions, writers)
    effort = Effort(limits, found.graph.size + len(lanes.edges))
    search = _Search(found, lanes, effort)
    for block in blocks_of(lanes, effort):
        search.look(block)
    derived = search.derived.found
    implied, is_all = _add_derived(found.graph, found.registers, derived)
    is_cut = effort.is_cut or not is_all or not search.has_all_keys
    return Visibility(list(search.stale.found()), derived, implied, is_cut)


class _Search:
    def __init__(self, found: Dependencies, lanes: Lanes, effort: Effort) -> None:
        self._table = table = read_table(found, lanes, effort.left // 2 // PAIR)
        near = near_of(table, lanes)
        self.stale = StaleReads(table, near, lanes)
        self.derived = DerivedOrders(table, near, lanes, effort)
        self._versions = VersionOrder(found.graph, table, lanes, effort)

    @property
    def has_all_keys(self) -> bool:
        return bool(self._table.within.all())

    def look(self, block: Block) -> None:
        """Note what a block's lanes tell, and add it to the graph."""
        table, runs = self._table, self._table.runs
        inside = np.flatnonzero(block.has(runs.run_lane) & table.within[runs.run_key])
        self._versions.look(block, inside)
        for part, item, run in runs.pairs(table.key[: table.registers], inside):
            lane = runs.run_lane[run]
            seen, newer = block.before(table.reader[item], lane), block.after(table.source[item], lane)
            self.stale.look_at_registers(item, run, seen, newer)
            self.derived.look(block, part, Pairs(item, run, seen, newer))
        for _, place, run in runs.pairs(table.key[table.registers :], inside):
            item = place + table.registers
            seen = block.before(table.reader[item], runs.run_lane[run])
            self.stale.look_at_orders(item, run, seen)
        self.stale.look_near(block)


def _add_derived(
    graph: Graph, registers: Sequence[Register], derived: Sequence[Derived]
) -> tuple[list[Step], bool]:
    """Add each derived order, and the rw edges of whoever read what it says is older.

    Returns:
        These edges, and whether they are all.
    """
    pairs = {(one.first, one.second): one for one in derived}
    by_first: dict[int, list[int]] = {}
    for first, second in pairs:
        by_first.setdefault(first, []).append(second)
    for (first, second), one in pairs.items():
        graph.add(first, Edge(second, EdgeKind.DERIVED, one.key))
    rest = _implied(registers, by_first)
    implied = list(islice(rest, _MOST_PER_TRANSACTION * graph.size))
    for reader, edge in implied:
        graph.add(reader, edge)
    return implied, next(rest, None) is None


def _implied(registers: Sequence[Register], by_first: dict[int, list[int]]) -> Iterator[Step]:
    for register in registers if by_first else ():
        writers = frozenset(register.writers)
        for source in sorted(by_first.keys() & register.readers.keys()):
            for second in sorted(writers.intersection(by_first[source])):
                edge = Edge(second, EdgeKind.RW, register.key, is_derived=True)
                yield from (Step(reader, edge) for reader in register.readers[source] if reader != second)


_MOST_PER_TRANSACTION = 4
"""Implied edges: more of them would be quadratic, and find nothing else in most histories."""
