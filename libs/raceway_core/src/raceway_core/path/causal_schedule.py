"""The schedule of causes: where events say who waited for whom, each node of the graph is a step."""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.graph.event_table import NONE
from raceway_core.path.cause import before_of, incoming_of, innermost
from raceway_core.path.host_time import host_shifts_ns, times_on_one_clock
from raceway_core.path.schedule import Schedule


def causal_schedule(graph: CausalGraph, roots: Sequence[tuple[int, int]]) -> Schedule:
    """Return the schedule; `roots` are the first events of paths, each with the path's last node.

    Who begins a path waits for nothing. Time: O(nodes + edges).
    """
    schedule = Schedule()
    begun = {graph.starts[event] for event, _ in roots}
    inside = innermost(graph) if graph.has_intervals else graph.event_of
    before, incoming = before_of(graph), incoming_of(graph)
    times_ns = times_on_one_clock(graph, host_shifts_ns(graph))
    step_of = [NONE] * len(graph.event_of)
    for node in graph.order:
        local = NONE if node in begun else before[node]
        sources = [] if node in begun else [source for source, _ in incoming.get(node, ())]
        waiting = local if local != NONE else max(sources, key=times_ns.__getitem__, default=NONE)
        if local != NONE:
            sources.append(local)
        causes = tuple(step_of[source] for source in dict.fromkeys(sources))
        step_of[node] = schedule.add(times_ns[node], causes, inside[waiting] if causes else NONE)
    schedule.ends = [(step_of[graph.starts[event]], step_of[last]) for event, last in roots]
    schedule.last_step = {event: step_of[node] for event, node in enumerate(graph.ends)}
    return schedule
