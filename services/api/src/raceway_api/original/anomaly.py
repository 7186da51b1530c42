"""Anomalies in the original's shape: one event each, with a duration and what is normal for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from raceway_core.anomaly import Anomaly, AnomalyKind
from raceway_core.event import Event, EventId, TraceId
from raceway_core.finding import Severity
from raceway_core.measured import Measurement
from raceway_core.path.operation import location_of
from raceway_core.time import format_time

_NS_PER_MS = 1_000_000
_LEVELS = {Severity.CRITICAL: "Critical", Severity.WARNING: "Warning", Severity.INFO: "Minor"}


class AnomalyView(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that took unusually long, or with which failures became more frequent.

    `std_dev_from_mean` is a robust score (`raceway_core.baseline.rule`).
    """

    event_id: EventId
    event_kind: str
    severity: str
    actual_duration_ms: float
    expected_duration_ms: float
    std_dev_from_mean: float
    description: str
    location: str
    timestamp: str


class TraceAnomaliesView(msgspec.Struct, frozen=True):
    trace_id: TraceId
    anomaly_count: int
    anomalies: list[AnomalyView]


def view_anomalies(
    anomalies: Sequence[Anomaly], measurements: Sequence[Measurement], events: Sequence[Event]
) -> list[AnomalyView]:
    """Return the anomalies of a trace, the costliest first."""
    by_id = {event.id: event for event in events}
    took_ns = {measurement.event_id: measurement.duration_ns for measurement in measurements}
    return [_view(anomaly, by_id, took_ns) for anomaly in anomalies]


def anomaly_lines(anomalies: Sequence[Anomaly]) -> list[str]:
    """Return a line for each anomaly."""
    return [
        f"{each.kind.name} on {_name_of(each)} ({_LEVELS[each.severity].upper()}): {describe_anomaly(each)}"
        for each in anomalies
    ]


def describe_anomaly(anomaly: Anomaly) -> str:
    """Return what was not normal in one sentence."""
    what = _name_of(anomaly)
    if anomaly.kind is AnomalyKind.ERRORS:
        return f"{what} failed in {anomaly.actual:.0%} of its calls, normally in {anomaly.expected:.0%}"
    took, normal = (f"{ns / _NS_PER_MS:.3g} ms" for ns in (anomaly.actual, anomaly.expected))
    if anomaly.kind is AnomalyKind.REGRESSION:
        return f"{what} takes {took} from here on, before it took {normal}"
    return f"{what} took {took}, normally {normal}"


def _name_of(anomaly: Anomaly) -> str:
    return anomaly.operation.name or anomaly.operation.kind


def _view(anomaly: Anomaly, events: Mapping[EventId, Event], took_ns: Mapping[EventId, int]) -> AnomalyView:
    event = events.get(anomaly.event_id)
    is_rate = anomaly.kind is AnomalyKind.ERRORS
    actual_ns, expected_ns = anomaly.actual, anomaly.expected
    if is_rate:
        actual_ns = expected_ns = took_ns.get(anomaly.event_id, 0)
    return AnomalyView(
        event_id=anomaly.event_id,
        event_kind=f"{anomaly.operation.kind}({anomaly.operation.name})",
        severity=_LEVELS[anomaly.severity],
        actual_duration_ms=actual_ns / _NS_PER_MS,
        expected_duration_ms=expected_ns / _NS_PER_MS,
        std_dev_from_mean=anomaly.score or 0.0,
        description=describe_anomaly(anomaly),
        location=location_of(event.payload) if event else "",
        timestamp=format_time(anomaly.at_ns),
    )
