"""The critical path of causes: where events say who waited for whom.

From a node the path goes back to the cause that arrived last: the node before it on its chain, or the
latest node of another chain with an edge to it. The time between belongs to the innermost operation
that was open; where the cause came from elsewhere, it was a wait for the network, a queue or the
scheduler. Times are those of the root's host (`raceway_core.path.host_time`).

Source: Yang and Miller 1988, "Critical path analysis for the execution of parallel and distributed
programs".
"""

from __future__ import annotations

from raceway_core.causal_graph import CausalGraph, EdgeKind
from raceway_core.event import (
    DatabaseQuery,
    DatabaseResult,
    HttpRequest,
    HttpResponse,
    LockAcquire,
    LockRequest,
    MessageReceive,
)
from raceway_core.graph.event_table import NONE
from raceway_core.path.cause import before_of, incoming_of, innermost
from raceway_core.path.host_time import host_shifts_ns, times_on_one_clock
from raceway_core.path.span_walk import WAITS
from raceway_core.path.stretch import LOCK, NETWORK, QUEUE, SCHEDULING, WORK, Trail

_STEP_WAITS = {(LockRequest, LockAcquire): LOCK, (DatabaseQuery, DatabaseResult): NETWORK}
"""What passes between two steps of one chain."""


class CausalWalk:
    """Walks the chains of one graph. Time to prepare: O(nodes + edges)."""

    def __init__(self, graph: CausalGraph) -> None:
        self._graph = graph
        self._shifts_ns = host_shifts_ns(graph)
        self._times_ns = times_on_one_clock(graph, self._shifts_ns)
        self._inside = innermost(graph) if graph.has_intervals else graph.event_of
        self._before = before_of(graph)
        self._incoming = incoming_of(graph)

    def walk(self, root: int, node: int, trail: Trail) -> None:
        """Follow the causes of `node` back over the whole trail. Time: O(nodes on the path)."""
        times_ns, event_of, incoming = self._times_ns, self._graph.event_of, self._incoming
        program = EdgeKind.PROGRAM
        shift_ns = self._shifts_ns[self._graph.chain_of[root]] if self._shifts_ns else 0
        while trail.cursor_ns > trail.start_ns:
            before = self._before[node]
            time_ns = times_ns[before] if before != NONE else trail.start_ns + shift_ns - 1
            cause, kind = before, program
            for source, source_kind in incoming.get(node, ()):
                if times_ns[source] > time_ns:
                    cause, kind, time_ns = source, source_kind, times_ns[source]
            if cause == NONE:
                trail.back_to(trail.start_ns, root, WORK)
                return
            waiting = self._inside[cause if before == NONE else before]
            first, second = event_of[cause], event_of[node]
            is_step = kind is program
            label = self._step(first, second, waiting) if is_step else self._way(first, second, kind)
            trail.back_to(time_ns - shift_ns, waiting, label)
            node = cause

    def _way(self, first: int, second: int, kind: EdgeKind) -> str:
        """Return what the way from one chain to another was."""
        graph = self._graph
        if kind is EdgeKind.MESSAGE:
            return QUEUE
        chains, chain_of = graph.chains, graph.chain_of
        if chains[chain_of[first]].process != chains[chain_of[second]].process:
            return NETWORK
        return WORK if kind is EdgeKind.RETURN else SCHEDULING

    def _step(self, first: int, second: int, waiting: int) -> str:
        """Return what passed between two events of one chain."""
        payloads = self._graph.payloads
        kinds = (type(payloads[first]), type(payloads[second]))
        if kinds[1] is MessageReceive:
            return QUEUE
        if kinds == (HttpRequest, HttpResponse) and self._graph.parents[first] != NONE:
            return NETWORK
        if waiting != first or self._graph.starts[waiting] != self._graph.ends[waiting]:
            return _STEP_WAITS.get(kinds) or WAITS.get(type(payloads[waiting]), WORK)
        return _STEP_WAITS.get(kinds, WORK)
