"""A trace in one line: what it has, what is missing, what was odd.

A trace is complete when nothing that its events speak of is missing: every parent and every clock
component is there, no client told of events that it lost, every task that was spawned has begun, and
every request was answered. This is a matter of structure, never of waiting.
"""

from __future__ import annotations

from collections import Counter

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import AsyncAwait, AsyncSpawn, HttpRequest, HttpResponse, TraceId
from raceway_core.result import TraceSummary
from raceway_core.service import services_of, traffic_of

_ISSUES_OF_MISSING = frozenset({"gap", "dangling_component"})
_NOTES_OF_MISSING = frozenset({"events_lost", "missing_component"})


def summary_of(trace_id: TraceId, graph: CausalGraph) -> TraceSummary:
    """Return the summary of a trace that has at least one event. Time: O(n)."""
    traffic = traffic_of(graph)
    return TraceSummary(
        trace_id=trace_id,
        event_count=len(graph.events),
        first_ns=min(graph.begins_ns),
        last_ns=max(graph.finishes_ns),
        services=services_of(graph),
        calls=traffic.calls,
        is_complete=is_complete(graph),
        missing_parents=len(graph.missing_parents),
        notes=dict(graph.notes),
        clock_issues=dict(sorted(Counter(issue.kind for issue in graph.clock_issues).items())),
        call_times=traffic.times,
    )


def is_complete(graph: CausalGraph) -> bool:
    """Whether nothing that the events speak of is missing."""
    if graph.missing_parents or not _NOTES_OF_MISSING.isdisjoint(graph.notes):
        return False
    if any(issue.kind in _ISSUES_OF_MISSING for issue in graph.clock_issues):
        return False
    return _all_tasks_began(graph) and _all_requests_answered(graph)


def _all_tasks_began(graph: CausalGraph) -> bool:
    spawned = {spawn.task_id: event for event, spawn in graph.payloads.of(AsyncSpawn)}
    if not spawned:
        return True
    begun = {event.metadata.task_id for event in graph.events}
    begun |= {wait.future_id for _, wait in graph.payloads.of(AsyncAwait)}
    parents = set(graph.parents)
    return all(task in begun or spawn in parents for task, spawn in spawned.items())


def _all_requests_answered(graph: CausalGraph) -> bool:
    """Whether each chain saw as many responses as requests; an interval is its own answer."""
    unanswered = dict.fromkeys(graph.chain_of, 0)
    for event in graph.payloads.numbers(HttpRequest):
        if graph.starts[event] == graph.ends[event]:
            unanswered[graph.chain_of[event]] += 1
    for event in graph.payloads.numbers(HttpResponse):
        unanswered[graph.chain_of[event]] -= 1
    return max(unanswered.values()) <= 0
