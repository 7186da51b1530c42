"""Audit trails: what happened to one variable, step by step, in causal order.

The accesses of a variable stand in a linear extension of happens-before. An entry is *linked* if the
entry before it happens before it, and its `edge` says by what: program order, or the kind of edge
through which its own chain last learned of it; else it is `concurrent`. An entry *follows* if the
value that it saw is the one last written; what is not known contradicts nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from raceway_core.access import Access, Variable
from raceway_core.causal_graph import CausalGraph, Edge, EdgeKind
from raceway_core.clock import Clocks
from raceway_core.evidence import change_of, task_of
from raceway_core.result import AuditEntry, AuditTrail
from raceway_core.value import UNKNOWN, ValueKey

CONCURRENT = "concurrent"
INDIRECT = "happens before"
"""Shown where the edge is older than the `MOST_EDGES` newest of the chain."""

MOST_EDGES = 64


class AuditTrails:
    """Makes the audit trails of one trace."""

    def __init__(self, graph: CausalGraph, clocks: Clocks) -> None:
        self._graph = graph
        self._clocks = clocks

    def trail(self, variable: Variable, accesses: Sequence[Access], racing: Sequence[bool]) -> AuditTrail:
        """Return the trail of a variable; `accesses` stand in a linear extension."""
        entries: list[AuditEntry] = []
        previous: Access | None = None
        written = UNKNOWN
        for access, is_race in zip(accesses, racing, strict=True):
            edge = "" if previous is None else self._edge(previous.number, access.number)
            entries.append(self._entry(access, edge, written, is_race=is_race))
            if access.access_type.writes:
                written = access.written
            previous = access
        return AuditTrail(variable.name, variable.scope_key, tuple(entries))

    def _entry(self, access: Access, edge: str, written: ValueKey, *, is_race: bool) -> AuditEntry:
        event, change = self._graph.events[access.number], change_of(self._graph, access)
        return AuditEntry(
            event_id=access.event_id,
            time_ns=access.end_ns,
            thread_id=event.metadata.thread_id,
            service=access.process.service,
            access_type=access.access_type,
            location=change.location,
            linked=edge != CONCURRENT,
            edge=edge,
            is_race=is_race,
            follows=UNKNOWN in (access.read, written) or access.read == written,
            old_value=change.old_value,
            new_value=change.new_value,
            task=task_of(event),
        )

    def _edge(self, first: int, second: int) -> str:
        """Return by what the first event happens before the second."""
        graph, before = self._graph, self._clocks.happens_before
        if not before(first, second):
            return CONCURRENT
        if graph.chain_of[first] == graph.chain_of[second]:
            return EdgeKind.PROGRAM.value
        for source, kind in self._edges_into(second):
            if source == first or before(first, source):
                return kind.value
        return INDIRECT

    def _edges_into(self, event: int) -> Iterator[tuple[int, EdgeKind]]:
        """Yield the `MOST_EDGES` last edges into an event's chain up to the event, newest first."""
        place, incoming = self._place_of, self._incoming.get(self._graph.chain_of[event], ())
        last = place[self._graph.starts[event]]
        newest = bisect_right(incoming, last, key=lambda edge: place[edge.target])
        for edge in reversed(incoming[max(0, newest - MOST_EDGES) : newest]):
            yield self._graph.event_of[edge.source], edge.kind

    @cached_property
    def _place_of(self) -> Mapping[int, int]:
        """By node: its place on its chain."""
        return {node: place for nodes in self._graph.chain_nodes for place, node in enumerate(nodes)}

    @cached_property
    def _incoming(self) -> Mapping[int, Sequence[Edge]]:
        """By chain: the edges into it, in program order."""
        graph, place = self._graph, self._place_of
        incoming: dict[int, list[Edge]] = {}
        for edge in graph.edges:
            incoming.setdefault(graph.chain_of[graph.event_of[edge.target]], []).append(edge)
        for edges in incoming.values():
            edges.sort(key=lambda edge: (place[edge.target], edge.source))
        return incoming
