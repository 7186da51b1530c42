"""All events of a file, analyzed without a server: each trace, then the runs across traces.

The functions are those that the services use; here nothing is stored between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from raceway_core.analysis import analyze_ordered
from raceway_core.anomaly import Anomalies, find_anomalies
from raceway_core.causal_graph import ClockIssue, build_graph
from raceway_core.clock import clocks_of
from raceway_core.clock_offset import ClockOffsets, find_offsets
from raceway_core.deadlock_across import DeadlocksAcross, classes_by_scope, find_deadlocks_across
from raceway_core.event import Event, TraceId
from raceway_core.finding import Finding, merge_findings
from raceway_core.isolation.history import Isolation
from raceway_core.isolation.resource import check_by_resource
from raceway_core.measured import TraceMeasurements
from raceway_core.offset.message import Message, messages_of
from raceway_core.operation_share import TraceOperations, operations_of
from raceway_core.options import DEFAULTS, Change, Options
from raceway_core.order_count import pair_counts
from raceway_core.result import Deadlock, TraceResult
from raceway_core.run import find_across_traces, find_never_met
from raceway_core.span import TraceWindow, by_span


class Shape(msgspec.Struct, frozen=True):
    """How large the causal graphs are. Pairs are of events of one trace, and exact."""

    events: int = 0
    traces: int = 0
    chains: int = 0
    cross_edges: int = 0
    ordered_pairs: int = 0
    concurrent_pairs: int = 0

    def __add__(self, other: Shape) -> Shape:
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Shape(*(left + right for left, right in zip(mine, theirs, strict=True)))


class AnalyzedTrace(msgspec.Struct, frozen=True):
    """One trace of a file."""

    result: TraceResult
    shape: Shape
    clock_issues: Sequence[ClockIssue]
    messages: Sequence[Message]
    operations: TraceOperations


class Analysis(msgspec.Struct, frozen=True):
    """What a file says. `findings` are merged and ranked, hidden ones included.

    `deadlocks` are those between traces; those of a trace stand with it.
    """

    traces: Sequence[AnalyzedTrace]
    findings: Sequence[Finding]
    deadlocks: Sequence[Deadlock]
    anomalies: Anomalies
    clock_offsets: ClockOffsets
    change: Change | None
    isolation: Isolation

    @property
    def shape(self) -> Shape:
        """The sizes of all traces together."""
        return sum((trace.shape for trace in self.traces), Shape())


Track: TypeAlias = Callable[[Sequence[TraceId]], Iterable[TraceId]]
"""Gives back traces one by one, and so learns how far the work has come."""


def traces_of(events: Iterable[Event], track: Track) -> Iterator[tuple[TraceId, list[Event]]]:
    """Yield the events of each trace, by trace id. Once the next one is asked for they are forgotten."""
    by_trace: defaultdict[TraceId, list[Event]] = defaultdict(list)
    for event in events:
        by_trace[event.trace_id].append(event)
    for trace_id in track(sorted(by_trace)):
        yield trace_id, by_trace.pop(trace_id)


def analyze_events(events: Iterable[Event], options: Options = DEFAULTS, *, track: Track = iter) -> Analysis:
    """Return the analysis of all traces among `events`, in any order."""
    traces = [_analyze(trace_id, of_trace, options) for trace_id, of_trace in traces_of(events, track)]
    inside = (finding for trace in traces for finding in trace.result.findings)
    locking = _locking(traces)
    circular = (finding for found in locking for finding in found.findings)
    return Analysis(
        traces=traces,
        findings=merge_findings([*inside, *_across(traces), *circular]),
        deadlocks=[deadlock for found in locking for deadlock in found.deadlocks],
        anomalies=find_anomalies(map(_measured, traces), options.latency),
        clock_offsets=find_offsets(message for trace in traces for message in trace.messages),
        change=options.change,
        isolation=_isolation(traces),
    )


def _analyze(trace_id: TraceId, events: Sequence[Event], options: Options) -> AnalyzedTrace:
    graph = build_graph(events)
    clocks = clocks_of(graph)
    ordered, concurrent = pair_counts(graph, clocks)
    shape = Shape(len(graph.events), 1, len(graph.chains), len(graph.edges), ordered, concurrent)
    result = analyze_ordered(trace_id, graph, clocks, options)
    return AnalyzedTrace(
        result=result,
        shape=shape,
        clock_issues=graph.clock_issues,
        messages=list(messages_of(graph)),
        operations=operations_of(graph, result.critical_paths, options.change),
    )


def _measured(trace: AnalyzedTrace) -> TraceMeasurements:
    return TraceMeasurements(trace.result.summary.trace_id, trace.result.measurements)


def _isolation(traces: Sequence[AnalyzedTrace]) -> Isolation:
    """Return what the transactions of each resource prove; where one trace has all, that is known."""
    results = [trace.result for trace in traces if trace.result.isolation]
    if len(results) == 1 and results[0].isolation:
        return results[0].isolation
    return check_by_resource(result.declared for result in results)


def _across(traces: Sequence[AnalyzedTrace]) -> Iterator[Finding]:
    """Yield what windows of one run have, and what is predicted of those that never met."""
    if len(traces) < 2:
        return
    for windows in _windows_by_variable(traces).values():
        for span, touching in by_span(windows).items():
            yield from find_across_traces(span, touching)
        yield from find_never_met(windows)


def _locking(traces: Sequence[AnalyzedTrace]) -> list[DeadlocksAcross]:
    results = [trace.result for trace in traces]
    orders = ((result.summary.trace_id, order) for result in results for order in result.lock_orders)
    return [find_deadlocks_across(*of_scope) for of_scope in classes_by_scope(orders).items()]


def _windows_by_variable(traces: Sequence[AnalyzedTrace]) -> Mapping[tuple[str, str], list[TraceWindow]]:
    windows: defaultdict[tuple[str, str], list[TraceWindow]] = defaultdict(list)
    for trace in traces:
        for window in trace.result.windows:
            windows[window.variable, window.scope].append((trace.result.summary.trace_id, window))
    return windows
