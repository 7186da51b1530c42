"""All events of a file, analyzed without a server: each trace, then the runs across traces.

The functions are those that the services use; here nothing is stored between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from raceway_core.analysis import analyze_ordered
from raceway_core.anomaly import Anomalies, find_anomalies
from raceway_core.causal_graph import ClockIssue, build_graph
from raceway_core.clock import clocks_of
from raceway_core.clock_offset import ClockOffsets, find_offsets
from raceway_core.event import Event, TraceId
from raceway_core.finding import Finding, merge_findings
from raceway_core.isolation.declared import DeclaredTrace, check_declared, declared_in
from raceway_core.isolation.history import Isolation
from raceway_core.measured import TraceMeasurements
from raceway_core.offset.message import Message, messages_of
from raceway_core.operation_share import TraceOperations, operations_of
from raceway_core.options import DEFAULTS, Change, Options
from raceway_core.order_count import pair_counts
from raceway_core.result import TraceResult, Window
from raceway_core.run import find_across_traces
from raceway_core.span import spans_of


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
    declared: DeclaredTrace


class Analysis(msgspec.Struct, frozen=True):
    """What a file says. `findings` are merged and ranked, hidden ones included."""

    traces: Sequence[AnalyzedTrace]
    findings: Sequence[Finding]
    anomalies: Anomalies
    clock_offsets: ClockOffsets
    change: Change | None
    isolation: Isolation

    @property
    def shape(self) -> Shape:
        """The sizes of all traces together."""
        return sum((trace.shape for trace in self.traces), Shape())


def analyze_events(events: Iterable[Event], options: Options = DEFAULTS) -> Analysis:
    """Return the analysis of all traces among `events`, in any order."""
    by_trace: defaultdict[TraceId, list[Event]] = defaultdict(list)
    for event in events:
        by_trace[event.trace_id].append(event)
    traces = [_analyze(trace_id, by_trace[trace_id], options) for trace_id in sorted(by_trace)]
    inside = (finding for trace in traces for finding in trace.result.findings)
    return Analysis(
        traces=traces,
        findings=merge_findings([*inside, *_across(traces)]),
        anomalies=find_anomalies(map(_measured, traces), options.latency),
        clock_offsets=find_offsets(message for trace in traces for message in trace.messages),
        change=options.change,
        isolation=check_declared(trace.declared for trace in traces),
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
        declared=declared_in(graph, clocks.rank, options),
    )


def _measured(trace: AnalyzedTrace) -> TraceMeasurements:
    return TraceMeasurements(trace.result.summary.trace_id, trace.result.measurements)


def _across(traces: Sequence[AnalyzedTrace]) -> Iterator[Finding]:
    if len(traces) > 1:
        for (_, _, span), windows in sorted(_windows_by_run(traces).items()):
            yield from find_across_traces(span, windows)


def _windows_by_run(
    traces: Sequence[AnalyzedTrace],
) -> Mapping[tuple[str, str, int], list[tuple[TraceId, Window]]]:
    runs: defaultdict[tuple[str, str, int], list[tuple[TraceId, Window]]] = defaultdict(list)
    for trace in traces:
        for window in trace.result.windows:
            for span in spans_of(window):
                runs[window.variable, window.scope, span].append((trace.result.summary.trace_id, window))
    return runs
