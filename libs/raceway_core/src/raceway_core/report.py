"""The report of `raceway analyze --json`: one object, every key always there.

Lists are empty where there is nothing; what is unknown or was not computed is null; nanoseconds are
decimal strings. `computed` names the sections that are filled.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from raceway_core.anomaly_view import AnomalyView, NormalView, view_anomaly, view_normal
from raceway_core.clock_offset_view import OffsetView, StepView, view_offset, view_step
from raceway_core.deadlock_finding import distinct_deadlocks
from raceway_core.event import EventId, TraceId
from raceway_core.finding import PairCounts, Verdict
from raceway_core.finding_view import FindingView, view_finding
from raceway_core.isolation.history import Isolation
from raceway_core.lock_use import merge_uses, uses_in
from raceway_core.lock_use_view import LockUseView, view_lock_use
from raceway_core.note import Note, notes_of
from raceway_core.offline import Analysis, AnalyzedTrace, Shape
from raceway_core.operation_share import shares_of
from raceway_core.operation_view import (
    OperationView,
    SlackView,
    WhatIfView,
    view_operation,
    view_slack,
    view_what_if,
)
from raceway_core.result import CriticalPath, Deadlock, LocationPairs, VariableCount


class VariableReport(msgspec.Struct, frozen=True, kw_only=True):
    """One variable, over all traces. `pairs` are conflicting pairs inside traces, exact."""

    variable: str
    scope: str
    accesses: int
    reads: int
    writes: int
    racy: bool
    pairs: PairCounts
    locations: Sequence[LocationPairs]


class SegmentReport(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a critical path; `span_id`, `operation` and `service` are the innermost open span's."""

    span_id: str
    operation: str
    service: str
    label: str
    start_ns: str
    end_ns: str


class CriticalPathReport(msgspec.Struct, frozen=True, kw_only=True):
    """The path of one root; the segments partition `start_ns..end_ns`, earliest first."""

    trace_id: TraceId
    start_ns: str
    end_ns: str
    segments: Sequence[SegmentReport]


class ClockIssueReport(msgspec.Struct, frozen=True):
    """What was wrong with a clock that was sent. `line` is null where a format has no lines."""

    kind: str
    line: int | None
    event: EventId
    message: str


class ClockReport(msgspec.Struct, frozen=True):
    """What is odd about vector clocks, and by how much wall clocks differ, null where there are none."""

    issues: Sequence[ClockIssueReport]
    offsets: Sequence[OffsetView] | None = None
    steps: Sequence[StepView] | None = None
    skipped_lines: int = 0  # of a log: those that belong to no event


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """See the module."""

    format: str
    computed: Sequence[str]
    counts: Shape | None = None
    notes: Sequence[Note] | None = None
    variables: Sequence[VariableReport] | None = None
    findings: Sequence[FindingView] | None = None
    deadlocks: Sequence[Deadlock] | None = None
    isolation: Isolation | None = None
    critical_paths: Sequence[CriticalPathReport] | None = None
    anomalies: Sequence[AnomalyView] | None = None
    clock: ClockReport | None = None
    baselines: Sequence[NormalView] | None = None
    operations: Sequence[OperationView] | None = None
    slacks: Sequence[SlackView] | None = None
    what_if: WhatIfView | None = None
    locks: Sequence[LockUseView] | None = None


_ALWAYS = ("counts", "notes", "variables", "findings", "deadlocks")
_WITH_TIME = (
    "isolation",
    "critical_paths",
    "anomalies",
    "clock",
    "baselines",
    "operations",
    "slacks",
    "locks",
)


class _Key(NamedTuple):
    variable: str
    scope: str


def report_of(analysis: Analysis, *, file_format: str, has_time: bool, with_hidden: bool = False) -> Report:
    """Return the report. A format without wall time and clocks, not `has_time`, has no paths or clocks."""
    report = Report(
        format=file_format,
        computed=(*_ALWAYS, *(_WITH_TIME if has_time else ())),
        counts=analysis.shape,
        notes=notes_of(trace.result.summary for trace in analysis.traces),
        variables=_variables(analysis.traces),
        findings=[
            view_finding(finding)
            for finding in analysis.findings
            if finding.verdict is not Verdict.GUARDED and (with_hidden or not finding.is_hidden)
        ],
        deadlocks=distinct_deadlocks(
            [
                *(deadlock for trace in analysis.traces for deadlock in trace.result.deadlocks),
                *analysis.deadlocks,
            ]
        ),
    )
    return _with_time(report, analysis) if has_time else report


def _with_time(report: Report, analysis: Analysis) -> Report:
    traces, change = analysis.traces, analysis.change
    savings = [trace.operations.saving for trace in traces if trace.operations.saving]
    return msgspec.structs.replace(
        report,
        isolation=analysis.isolation,
        critical_paths=_critical_paths(traces),
        anomalies=[view_anomaly(anomaly) for anomaly in analysis.anomalies.found],
        clock=_clock(analysis),
        baselines=[view_normal(normal) for normal in analysis.anomalies.normal],
        operations=[view_operation(share) for share in shares_of(trace.operations for trace in traces)],
        slacks=[
            view_slack(trace.result.summary.trace_id, slack)
            for trace in traces
            for slack in trace.operations.slacks
        ],
        what_if=view_what_if(change, savings) if change else None,
        locks=[
            view_lock_use(use)
            for use in merge_uses(use for trace in traces for use in uses_in(trace.result.locks))
        ],
    )


def report_of_history(isolation: Isolation) -> Report:
    """Return the report of a history, which has transactions and no events."""
    return Report(format="history", computed=("isolation",), isolation=isolation)


def _variables(traces: Iterable[AnalyzedTrace]) -> list[VariableReport]:
    by_variable: defaultdict[_Key, list[VariableCount]] = defaultdict(list)
    for trace in traces:
        for count in trace.result.variables:
            by_variable[_Key(count.variable, count.scope)].append(count)
    return [_variable(key, by_variable[key]) for key in sorted(by_variable)]


def _variable(key: _Key, counts: Sequence[VariableCount]) -> VariableReport:
    pairs = sum((count.pairs for count in counts), PairCounts())
    return VariableReport(
        variable=key.variable,
        scope=key.scope,
        accesses=sum(count.accesses for count in counts),
        reads=sum(count.reads for count in counts),
        writes=sum(count.writes for count in counts),
        racy=any(pairs.of(verdict) for verdict in Verdict if verdict is not Verdict.GUARDED),
        pairs=pairs,
        locations=_locations(counts),
    )


def _locations(counts: Iterable[VariableCount]) -> list[LocationPairs]:
    pairs: Counter[tuple[str, str, int]] = Counter()
    for count in counts:
        for row in count.locations:
            pairs[row.first, row.second, row.verdict.rank] += row.pairs
    verdicts = tuple(Verdict)
    return [
        LocationPairs(first, second, verdicts[rank], number)
        for (first, second, rank), number in sorted(pairs.items())
    ]


def _critical_paths(traces: Iterable[AnalyzedTrace]) -> list[CriticalPathReport]:
    return [
        _critical_path(trace.result.summary.trace_id, path)
        for trace in traces
        for path in trace.result.critical_paths
    ]


def _critical_path(trace_id: TraceId, path: CriticalPath) -> CriticalPathReport:
    return CriticalPathReport(
        trace_id=trace_id,
        start_ns=str(path.start_ns),
        end_ns=str(path.end_ns),
        segments=[
            SegmentReport(
                span_id=segment.span_id,
                operation=segment.operation,
                service=segment.service,
                label=segment.label,
                start_ns=str(segment.start_ns),
                end_ns=str(segment.end_ns),
            )
            for segment in path.segments
        ],
    )


def _clock(analysis: Analysis) -> ClockReport:
    offsets, steps = analysis.clock_offsets
    issues = [
        ClockIssueReport(issue.kind, None, issue.event_id, issue.message)
        for trace in analysis.traces
        for issue in trace.clock_issues
    ]
    return ClockReport(
        issues, [view_offset(offset) for offset in offsets], [view_step(step) for step in steps]
    )
