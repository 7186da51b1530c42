"""Performance in the original's shape: durations of traces and events, services, throughput."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from raceway_api.performance import Lately, total_ns
from raceway_common.ports.trace_store import ServiceRow, TraceRow
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.event import TraceId
from raceway_core.measured import Operation

_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


class SlowTraceView(msgspec.Struct, frozen=True):
    trace_id: TraceId
    duration_ms: float
    services: list[str]


class TraceLatencyView(msgspec.Struct, frozen=True, kw_only=True):
    """Of the newest traces: from the first recording time of each to its last."""

    avg_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    slowest_traces: list[SlowTraceView]


class TypeView(msgspec.Struct, frozen=True):
    """Events of one type that took time; `count` counts only these."""

    type: str
    count: int
    avg_duration_ms: float


class SlowOperationView(msgspec.Struct, frozen=True, kw_only=True):
    operation: str
    service: str
    type: str
    count: int
    avg_duration_ms: float
    p95_duration_ms: float


class EventPerformanceView(msgspec.Struct, frozen=True, kw_only=True):
    avg_duration_ms: float
    by_type: list[TypeView]
    slow_operations: list[SlowOperationView]


class ServiceLatencyView(msgspec.Struct, frozen=True):
    """`event_count` counts all of a service's events, the average is over those that took time."""

    service: str
    event_count: int
    avg_duration_ms: float


class ThroughputView(msgspec.Struct, frozen=True, kw_only=True):
    """Of the newest traces; zero where they are one moment."""

    events_per_second: float
    traces_per_second: float
    time_range_seconds: float


class MetricsView(msgspec.Struct, frozen=True, kw_only=True):
    trace_latency: TraceLatencyView
    event_performance: EventPerformanceView
    service_latency: list[ServiceLatencyView]
    throughput: ThroughputView


class _Took(NamedTuple):
    """What the operations of a family took."""

    by_operation: Mapping[Operation, Sketch]


def view_metrics(
    rows: Sequence[TraceRow], services: Sequence[ServiceRow], wanted: Lately, *, limit: int
) -> MetricsView:
    """Return how the traces of `rows` and the operations of late did."""
    sketches = {
        operation: sketch
        for family, _ in wanted.places
        for operation, sketch in _took(wanted, family).by_operation.items()
    }
    return MetricsView(
        trace_latency=_trace_latency(rows, limit),
        event_performance=_event_performance(sketches, limit),
        service_latency=_service_latency(sketches, services),
        throughput=_throughput(rows),
    )


def _trace_latency(rows: Sequence[TraceRow], limit: int) -> TraceLatencyView:
    slowest = sorted(rows, key=lambda row: (-_duration_ns(row), row.summary.trace_id))
    shortest = [_duration_ns(row) / _NS_PER_MS for row in reversed(slowest)]
    return TraceLatencyView(
        avg_ms=sum(shortest) / len(shortest) if shortest else 0.0,
        p50_ms=_at(shortest, 0.5),
        p95_ms=_at(shortest, 0.95),
        p99_ms=_at(shortest, 0.99),
        slowest_traces=[
            SlowTraceView(
                row.summary.trace_id,
                _duration_ns(row) / _NS_PER_MS,
                [service.name for service in row.summary.services],
            )
            for row in slowest[:limit]
        ],
    )


def _event_performance(took: Mapping[Operation, Sketch], limit: int) -> EventPerformanceView:
    types = _merged(took, lambda operation: (operation.kind,))
    operations = _merged(took, lambda operation: operation[:3])
    slowest = sorted(operations, key=lambda key: (-_average_ms(operations[key]), key))[:limit]
    return EventPerformanceView(
        avg_duration_ms=_average_ms(_merged(took, lambda _: ()).get((), Sketch())),
        by_type=[
            TypeView(key[0], sketch.total, _average_ms(sketch)) for key, sketch in sorted(types.items())
        ],
        slow_operations=[_slow_operation(key, operations[key]) for key in slowest],
    )


def _slow_operation(key: Sequence[str], sketch: Sketch) -> SlowOperationView:
    service, name, kind = key
    return SlowOperationView(
        operation=name,
        service=service,
        type=kind,
        count=sketch.total,
        avg_duration_ms=_average_ms(sketch),
        p95_duration_ms=value_of(sketch.quantile(0.95)) / _NS_PER_MS,
    )


def _service_latency(
    took: Mapping[Operation, Sketch], services: Iterable[ServiceRow]
) -> list[ServiceLatencyView]:
    sketches = _merged(took, lambda operation: (operation.service,))
    return [
        ServiceLatencyView(row.name, row.event_count, _average_ms(sketches.get((row.name,), Sketch())))
        for row in services
    ]


def _throughput(rows: Sequence[TraceRow]) -> ThroughputView:
    first_ns = min((row.summary.first_ns for row in rows), default=0)
    range_s = (max((row.summary.last_ns for row in rows), default=0) - first_ns) / _NS_PER_S
    events = sum(row.summary.event_count for row in rows)
    return ThroughputView(
        events_per_second=events / range_s if range_s else 0.0,
        traces_per_second=len(rows) / range_s if range_s else 0.0,
        time_range_seconds=range_s,
    )


def _took(wanted: Lately, family: Operation) -> _Took:
    def build() -> _Took:
        sketches: defaultdict[Operation, Sketch] = defaultdict(Sketch)
        for bucket in wanted.buckets(family):
            sketches[bucket.operation].count(bucket.counts)
        return _Took(sketches)

    return wanted.said(_Took, family, build)


def _merged(
    took: Mapping[Operation, Sketch], key_of: Callable[[Operation], tuple[str, ...]]
) -> Mapping[tuple[str, ...], Sketch]:
    sketches: defaultdict[tuple[str, ...], Sketch] = defaultdict(Sketch)
    for operation, sketch in took.items():
        sketches[key_of(operation)].merge(sketch)
    return sketches


def _average_ms(sketch: Sketch) -> float:
    return total_ns(sketch) / sketch.total / _NS_PER_MS if sketch.total else 0.0


def _at(ascending: Sequence[float], q: float) -> float:
    return ascending[int(q * (len(ascending) - 1))] if ascending else 0.0


def _duration_ns(row: TraceRow) -> int:
    return row.summary.last_ns - row.summary.first_ns
