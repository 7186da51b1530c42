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

from raceway_core.isolation.dependency import Dependencies, Register
from raceway_core.isolation.graph import Edge, EdgeKind, Graph, Step
from raceway_core.isolation.key_order import KeyOrder
from raceway_core.isolation.reach import Block, blocks_of
from raceway_core.isolation.writes import BEFORE_ALL


class Stale(NamedTuple):
    """`reader` missed what `writer` wrote to `edge.key`, though it was visible to it."""

    reader: int
    edge: Edge
    is_direct: bool


class Derived(NamedTuple):
    """`first` comes before `second`, since a reader to which both were visible chose the second."""

    first: int
    second: int
    key: str
    is_direct: bool


class Visibility(NamedTuple):
    """What was found. The edges are in the graph; `implied` are the rw edges that rest on `derived`."""

    stale: Sequence[Stale]
    derived: Sequence[Derived]
    implied: Sequence[Step]


def add_visibility(found: Dependencies) -> Visibility:
    """Add to the graph what visibility implies, and return what it contradicts.

    Time: O(edges · writers / word), and for each version its readers and the earliest later writers.
    """
    graph = found.graph
    successors = graph.successors({EdgeKind.SO, EdgeKind.WR})[: graph.size]
    writers = frozenset(
        [writer for register in found.registers for writer in register.writers]
        + [writer for order in found.orders for writer in (*order.turns, *order.unseen)]
    )
    near = _Near(graph, found.sessions)
    stale: list[Stale] = []
    derived: list[Derived] = []
    for block in blocks_of(successors, writers):
        view = _View(block, near)
        for register in found.registers:
            _look_at_register(view, register, graph)
        for order in found.orders:
            _look_at_order(view, order)
        stale += view.stale
        derived += view.derived
    return Visibility(stale, derived, _add_derived(graph, found.registers, derived))


class _Near:
    """What is directly visible to a transaction: what it read, and its session before it."""

    def __init__(self, graph: Graph, sessions: Sequence[Sequence[int]]) -> None:
        self.read: list[list[int]] = [[] for _ in range(graph.size)]
        self.session: list[Sequence[int]] = [()] * graph.size
        for source, edges in enumerate(graph.out[: graph.size]):
            for edge in edges:
                if edge.kind is EdgeKind.WR:
                    self.read[edge.target].append(source)
        for session in sessions:
            for number in session:
                self.session[number] = session


class _View:
    """One block, and what was found in it."""

    def __init__(self, block: Block, near: _Near) -> None:
        self.block = block
        self._near = near
        self._read: dict[int, int] = {}
        self._session: dict[int, int] = {}
        self.stale: list[Stale] = []
        self.derived: list[Derived] = []

    def near(self, reader: int, visible: int) -> int:
        """Return the bits of those of what is visible to a reader that are so directly."""
        read, session = self._read.get(reader), self._near.session[reader]
        if read is None:
            read = self._read[reader] = self.block.mask(self._near.read[reader])
        own = self._session.get(session[0])
        if own is None:
            own = self._session[session[0]] = self.block.mask(session)
        return visible & (read | own)

    def look(self, reader: int, newer: int, key: str, *, is_derived: bool) -> None:
        """Note that a reader missed `newer` writes, if any was visible to it."""
        visible = newer & self.block.before[reader]
        if visible:
            near = self.near(reader, visible)
            writer = self.block.last(near or visible)
            self.stale.append(Stale(reader, Edge(writer, EdgeKind.RW, key, is_derived), bool(near)))

    def derive(self, reader: int, others: int, writer: int, key: str) -> None:
        """Note that `others`, if visible to the reader of a writer's version, come before that writer."""
        others &= self.block.before[reader]
        if not others:
            return
        near = self.near(reader, others)
        for bits, is_direct in ((near, True), (others, False)):
            for other in self.block.latest(bits):
                if is_direct or not self.block.bit[other] & near:
                    self.derived.append(Derived(other, writer, key, is_direct))


def _look_at_register(view: _View, register: Register, graph: Graph) -> None:
    block, key = view.block, register.key
    mask = block.mask(register.writers)
    if not mask:
        return
    for source, readers in register.readers.items():
        is_first = source == BEFORE_ALL
        later = mask if is_first else mask & block.after[source]
        if later:
            graph.connect(readers, _earliest(block, later, register.key, readers, is_first=is_first))
            for reader in readers:
                view.look(reader, later, key, is_derived=not is_first)
        rest = 0 if is_first else mask & ~(later | block.before[source] | block.bit.get(source, 0))
        if rest:
            for reader in readers:
                view.derive(reader, rest, source, key)


def _earliest(block: Block, later: int, key: str, readers: Sequence[int], *, is_first: bool) -> list[Edge]:
    """Return the rw edges of a version's readers. That an updater's write is newer was seen, not derived."""
    updaters = frozenset(readers)
    return [
        Edge(writer, EdgeKind.RW, key, not is_first and writer not in updaters)
        for writer in block.earliest(later)
    ]


def _look_at_order(view: _View, order: KeyOrder) -> None:
    """Look at each read of a key with an order, the last first, so that what is newer only grows."""
    bit = view.block.bit
    newer = view.block.mask(order.unseen)
    place = len(order.turns)
    for reader, turns in sorted(order.reads, key=lambda read: -read.turns):
        while place > turns:
            place -= 1
            newer |= bit.get(order.turns[place], 0)
        view.look(reader, newer, order.key, is_derived=False)


def _add_derived(graph: Graph, registers: Sequence[Register], derived: Sequence[Derived]) -> list[Step]:
    """Add each derived order; add and return the rw edges of whoever read what it says is older."""
    pairs = {(one.first, one.second): one for one in derived}
    by_first: dict[int, list[int]] = {}
    for first, second in pairs:
        by_first.setdefault(first, []).append(second)
    for (first, second), one in pairs.items():
        graph.add(first, Edge(second, EdgeKind.DERIVED, one.key))
    implied = list(islice(_implied(registers, by_first), _MOST_PER_TRANSACTION * graph.size))
    for reader, edge in implied:
        graph.add(reader, edge)
    return implied


def _implied(registers: Sequence[Register], by_first: dict[int, list[int]]) -> Iterator[Step]:
    for register in registers if by_first else ():
        writers = frozenset(register.writers)
        for source in sorted(by_first.keys() & register.readers.keys()):
            for second in sorted(writers.intersection(by_first[source])):
                edge = Edge(second, EdgeKind.RW, register.key, is_derived=True)
                yield from (Step(reader, edge) for reader in register.readers[source] if reader != second)


_MOST_PER_TRANSACTION = 4
"""Implied edges: more of them would be quadratic, and find nothing else in most histories."""
