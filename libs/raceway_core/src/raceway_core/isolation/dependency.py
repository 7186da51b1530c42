"""Dependencies that the values show: session order, write-read, and the order of lists and versions.

    so    one transaction and the next of its session
    wr    whoever wrote a version and whoever read it
    ww    whoever wrote a turn of a key and whoever wrote the next
    rw    whoever read a key and whoever wrote the turn that it missed

A register shows no order of its own; what follows for it from visibility is in
`raceway_core.isolation.visibility`.

Source: Adya 1999, section 4.4 (direct serialization graphs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from raceway_core.isolation.evidence import Evidence
from raceway_core.isolation.graph import Edge, EdgeKind, Graph
from raceway_core.isolation.history import Value
from raceway_core.isolation.key_order import KeyOrder, order_of
from raceway_core.isolation.writes import BEFORE_ALL


class Register(NamedTuple):
    """A key whose versions have no order of their own.

    `readers` are by writer, BEFORE_ALL for the initial version, of reads that no other contradicts.
    """

    key: str
    writers: Sequence[int]
    readers: Mapping[int, Sequence[int]]


class Dependencies(NamedTuple):
    """The graph of all but what visibility adds, and by key what it is made of."""

    graph: Graph
    sessions: Sequence[Sequence[int]]
    orders: Sequence[KeyOrder]
    registers: Sequence[Register]


def dependencies_of(evidence: Evidence) -> Dependencies:
    """Return what the values show. Time: O(operations + what was read)."""
    graph = Graph(len(evidence.transactions))
    for session in evidence.sessions:
        for first, second in pairwise(session):
            graph.add(first, Edge(second, EdgeKind.SO))
    reads = _reads(evidence, graph)
    orders, registers = [], []
    for key, writes in evidence.writes.items():
        if key in evidence.unrecoverable:
            continue
        if writes.is_list or writes.is_numbered:
            orders.append(order_of(evidence, key, reads.get(key, ())))
            _add_order(graph, orders[-1])
        else:
            registers.append(_register(evidence, key, reads.get(key, ())))
    return Dependencies(graph, evidence.sessions, orders, registers)


def _register(evidence: Evidence, key: str, reads: Sequence[tuple[int, Value]]) -> Register:
    writes = evidence.writes[key]
    readers: dict[int, list[int]] = {}
    for reader, value in reads:
        source = writes.writer(value)
        if source == BEFORE_ALL or evidence.counts[source]:
            readers.setdefault(source, []).append(reader)
    return Register(key, [writer for writer in writes.made if evidence.counts[writer]], readers)


def _reads(evidence: Evidence, graph: Graph) -> Mapping[str, list[tuple[int, Value]]]:
    """Return what was read, by key, without torn keys; and add the wr edges, theirs too."""
    reads: dict[str, list[tuple[int, Value]]] = {}
    for reader, is_counted in enumerate(evidence.counts):
        if not is_counted:
            continue
        torn = evidence.observations[reader].torn
        for seen in evidence.seen(reader):
            source = evidence.last_source(seen)
            if source >= 0 and evidence.counts[source]:
                graph.add(source, Edge(reader, EdgeKind.WR, seen.key))
            if seen.key not in torn:
                reads.setdefault(seen.key, []).append((reader, seen.value))
    return reads


def _add_order(graph: Graph, order: KeyOrder) -> None:
    key, turns, unseen = order.key, order.turns, order.unseen
    for first, second in pairwise(turns):
        graph.add(first, Edge(second, EdgeKind.WW, key))
    graph.connect(turns[-1:], [Edge(one, EdgeKind.WW, key) for one in unseen])
    late = [read.reader for read in order.reads if read.turns == len(turns)]
    graph.connect(late, [Edge(one, EdgeKind.RW, key) for one in unseen])
    for reader, count in order.reads:
        if count < len(turns):
            graph.add(reader, Edge(turns[count], EdgeKind.RW, key))
    for source, edge in _strays(order):
        graph.add(source, edge)


def _strays(order: KeyOrder) -> Iterator[tuple[int, Edge]]:
    for reader, turns, missed in order.strayed:
        for first, second in pairwise(turns):
            yield first, Edge(second, EdgeKind.WW, order.key)
        if missed is not None:
            yield reader, Edge(missed, EdgeKind.RW, order.key)
