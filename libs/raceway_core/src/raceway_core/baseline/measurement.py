"""Measurements: how long each operation of a trace took, and how it ended.

An operation that was recorded with a duration is measured by it. One that was recorded by two points
(`raceway_core.baseline.pairing`) took what either of them says, else the time between them. To await a
task is none: what took so long is measured where it happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from raceway_core.baseline.operation_pattern import operation_pattern
from raceway_core.baseline.outcome import Outcomes
from raceway_core.baseline.pairing import pairs_of
from raceway_core.causal_graph import CausalGraph
from raceway_core.event import AsyncAwait, DatabaseQuery, Error, HttpResponse
from raceway_core.graph.event_table import NONE
from raceway_core.graph.parent_order import parents_first
from raceway_core.measured import Measurement, Operation
from raceway_core.path.span_walk import is_consumer
from raceway_core.result import CriticalPath

_NS_PER_MS = 1_000_000
_LONGEST_MS = 2**53 / _NS_PER_MS
_MOST_ENDED = 100
_TELL = (DatabaseQuery, HttpResponse)


class _Span(NamedTuple):
    """When an operation ran, and the event that says so."""

    begin_ns: int
    end_ns: int
    told_by: int


def measurements_of(graph: CausalGraph, paths: Sequence[CriticalPath]) -> list[Measurement]:
    """Return the operations of a trace, each after the one it is inside of.

    Time: O(n) and the segments of `paths`.
    """
    closers = dict(pairs_of(graph))
    spans = dict(_spans(graph, closers))
    if not spans:
        return []
    everything = parents_first(graph.parents)
    inside = _inside(graph, everything, spans)
    outcomes = Outcomes(graph, closers, inside)
    critical = _critical_ns(graph, everything, paths, spans)
    order = [event for event in everything if event in spans]
    number_of = {event: number for number, event in enumerate(order)}
    return [
        Measurement(
            operation=_operation(graph, event, outcomes),
            event_id=graph.events[spans[event].told_by].id,
            inside=number_of.get(inside.get(event, NONE), NONE),
            begin_ns=spans[event].begin_ns,
            end_ns=spans[event].end_ns,
            duration_ns=spans[event].end_ns - spans[event].begin_ns,
            critical_ns=critical[event],
            host=graph.chains[graph.chain_of[event]].host,
            delays=not is_consumer(graph, event),
        )
        for event in order
    ]


def _operation(graph: CausalGraph, event: int, outcomes: Outcomes) -> Operation:
    payload = graph.payloads[event]
    name = "" if type(payload) is HttpResponse else operation_pattern(payload)
    service = graph.events[event].metadata.service_name
    return Operation(service, name, type(payload).__name__, outcomes.status_of(event))


def _spans(graph: CausalGraph, closers: Mapping[int, int]) -> Iterator[tuple[int, _Span]]:
    """Yield the operations by the event that began them, or that alone speaks of them."""
    there = graph.payloads.by_kind
    alone = {*there.get(DatabaseQuery, ()), *there.get(HttpResponse, ())}
    if graph.has_intervals:
        alone.update(event for event, begin in enumerate(graph.begins_ns) if graph.finishes_ns[event] > begin)
    for event in (alone | closers.keys()).difference(closers.values(), there.get(AsyncAwait, ())):
        span = _told(graph, event)
        if event in closers:
            span = span or _told(graph, closers[event]) or _between(graph, event, closers[event])
        if span is not None:
            yield event, span


def _told(graph: CausalGraph, event: int) -> _Span | None:
    begin, finish = graph.interval_ns(event)
    if begin == finish:
        payload = graph.payloads[event]
        told = payload.duration_ms if isinstance(payload, _TELL) else None
        if told is None or not 0 <= told <= _LONGEST_MS:
            return None
        begin = finish - round(told * _NS_PER_MS)
    return _Span(begin, finish, event)


def _between(graph: CausalGraph, opener: int, closer: int) -> _Span | None:
    begin, finish = graph.begins_ns[opener], graph.finishes_ns[closer]
    return _Span(begin, finish, closer) if begin <= finish else None


def duration_of(graph: CausalGraph, event: int, closers: Mapping[int, int]) -> int | None:
    """Return how long what an event began took, in nanoseconds; None if nothing tells."""
    span = _told(graph, event)
    if span is None and event in closers:
        span = _told(graph, closers[event]) or _between(graph, event, closers[event])
    return None if span is None else span.end_ns - span.begin_ns


def _inside(graph: CausalGraph, order: Sequence[int], spans: Mapping[int, _Span]) -> dict[int, int]:
    """Return for each operation and error the innermost operation among its ancestors that was not over.

    Where events form a line of parents, ancestors may be long over. Past `_MOST_ENDED` of them none
    is looked for, which keeps the time linear. `order` has all events, each after its parent.
    """
    parents = graph.parents
    wanted = {event for event in spans if parents[event] != NONE}
    wanted.update(graph.payloads.by_kind.get(Error, ()))
    if not wanted:
        return {}
    for event in reversed(order):
        if event in wanted and parents[event] != NONE:
            wanted.add(parents[event])
    inside: dict[int, int] = {}
    for event in filter(wanted.__contains__, order):
        parent = parents[event]
        above = parent if parent in spans else inside.get(parent, NONE)
        for _ in range(_MOST_ENDED):
            if above == NONE or not _was_over(graph, spans[above], above, event):
                break
            above = inside.get(above, NONE)
        if above != NONE:
            inside[event] = above
    return inside


def _was_over(graph: CausalGraph, span: _Span, outer: int, event: int) -> bool:
    is_step = graph.chain_of[outer] == graph.chain_of[event]
    return is_step and span.end_ns <= graph.begins_ns[event] and span.told_by != event


def _critical_ns(
    graph: CausalGraph, order: Sequence[int], paths: Sequence[CriticalPath], spans: Mapping[int, _Span]
) -> Mapping[int, int]:
    """Return for each operation how long it and its descendants were on a critical path."""
    parents = graph.parents
    if len(spans) == len(paths) == 1 and parents.count(NONE) == 1 and parents[min(spans)] == NONE:
        return dict.fromkeys(spans, paths[0].end_ns - paths[0].start_ns)
    critical = [0] * len(graph.events)
    for path in paths:
        for segment in path.segments:
            critical[graph.number_of[segment.event_id]] += segment.end_ns - segment.start_ns
    for event in reversed(order):
        if (parent := parents[event]) != NONE:
            critical[parent] += critical[event]
    return {event: critical[event] for event in spans}
