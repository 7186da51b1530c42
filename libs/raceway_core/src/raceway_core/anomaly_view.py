"""Anomalies as JSON: every key always there, nanoseconds as decimal strings, null where not known."""

from __future__ import annotations

import msgspec

from raceway_core.anomaly import Anomaly, AnomalyKind, Normal
from raceway_core.event import EventId, TraceId
from raceway_core.finding import Severity


class AnomalyView(msgspec.Struct, frozen=True, kw_only=True):
    """One anomaly. Durations are null of a rate of errors, rates of all others."""

    service: str
    operation: str
    kind: AnomalyKind
    event_id: EventId
    actual_ns: str | None
    expected_ns: str | None
    score: float | None
    severity: Severity
    trace_id: TraceId
    event_kind: str
    status: str
    time_ns: str
    actual_rate: float | None
    expected_rate: float | None
    contribution_ns: str
    count: int


class NormalView(msgspec.Struct, frozen=True, kw_only=True):
    """What is normal for an operation; durations are null where samples are insufficient."""

    service: str
    operation: str
    event_kind: str
    status: str
    samples: int
    insufficient_data: bool
    median_ns: str | None
    p95_ns: str | None
    p99_ns: str | None


def view_anomaly(anomaly: Anomaly) -> AnomalyView:
    """Return `anomaly` for a reader."""
    is_rate = anomaly.kind is AnomalyKind.ERRORS
    return AnomalyView(
        service=anomaly.operation.service,
        operation=anomaly.operation.name,
        kind=anomaly.kind,
        event_id=anomaly.event_id,
        actual_ns=None if is_rate else str(round(anomaly.actual)),
        expected_ns=None if is_rate else str(round(anomaly.expected)),
        score=anomaly.score,
        severity=anomaly.severity,
        trace_id=anomaly.trace_id,
        event_kind=anomaly.operation.kind,
        status=anomaly.operation.status,
        time_ns=str(anomaly.at_ns),
        actual_rate=anomaly.actual if is_rate else None,
        expected_rate=anomaly.expected if is_rate else None,
        contribution_ns=str(anomaly.contribution_ns),
        count=anomaly.count,
    )


def view_normal(normal: Normal) -> NormalView:
    """Return `normal` for a reader."""
    return NormalView(
        service=normal.operation.service,
        operation=normal.operation.name,
        event_kind=normal.operation.kind,
        status=normal.operation.status,
        samples=normal.samples,
        insufficient_data=normal.is_insufficient,
        median_ns=_text(normal.median_ns),
        p95_ns=_text(normal.p95_ns),
        p99_ns=_text(normal.p99_ns),
    )


def _text(duration_ns: int | None) -> str | None:
    return None if duration_ns is None else str(duration_ns)
