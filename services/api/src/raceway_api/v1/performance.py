"""`/api/v1/performance`: each operation's rate, failures, durations, cost, and how it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from raceway_api.performance import buckets_since, sketch_of
from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import ENOUGH
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.bucket import BUCKET_NS, Bucket
from raceway_core.bucketed.history import History
from raceway_core.bucketed.state import Standing, State
from raceway_core.measured import Operation
from raceway_core.time import format_time

_NS_PER_S = 1_000_000_000
_US_PER_S = 1_000_000


class TrendItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The calls that ended within ten minutes from `start` on."""

    start: str
    start_ns: str
    calls: int
    errors: int
    p50_ns: str
    p95_ns: str


class BaselineItem(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation took before its last calls; null where too few calls are known."""

    samples: int
    p50_ns: str | None
    p95_ns: str | None


class OperationItem(msgspec.Struct, frozen=True, kw_only=True):
    """One operation, however its calls ended. Durations are within 1 %.

    `rate_per_s` is over the time from the first to the last bucket with calls. `critical_s` is how long
    critical paths went through it and what it caused. `verdict` compares its last calls with `baseline`:
    normal, slower, failing, or insufficient_data.
    """

    service: str
    operation: str
    event_kind: str
    calls: int
    errors: int
    rate_per_s: float
    error_rate: float
    p50_ns: str
    p95_ns: str
    p99_ns: str
    critical_s: float
    baseline: BaselineItem
    verdict: Standing
    trend: list[TrendItem]


class Performance(msgspec.Struct, frozen=True, kw_only=True):
    """Operations, the most costly first. `total` counts those that were left out too."""

    since: str | None
    total: int
    operations: list[OperationItem]


def view_performance(
    known: Mapping[Operation, History], states: Mapping[Operation, State], first: int, limit: int
) -> Performance:
    """Return the operations called since bucket `first`, up to `limit`."""
    called = {
        family: buckets for family, history in known.items() if (buckets := buckets_since(history, first))
    }
    costs = {family: sum(bucket.critical_us for bucket in buckets) for family, buckets in called.items()}
    shown = sorted(called, key=lambda family: (-costs[family], -_calls(called[family]), family))[:limit]
    return Performance(
        since=format_time(first * BUCKET_NS) if known else None,
        total=len(called),
        operations=[_item(family, states[family], called[family]) for family in shown],
    )


def _item(family: Operation, state: State, buckets: Sequence[Bucket]) -> OperationItem:
    sketch = sketch_of(buckets)
    errors = _errors(buckets)
    spread_s = (buckets[-1].number - buckets[0].number + 1) * BUCKET_NS / _NS_PER_S
    return OperationItem(
        service=family.service,
        operation=family.name,
        event_kind=family.kind,
        calls=sketch.total,
        errors=errors,
        rate_per_s=sketch.total / spread_s,
        error_rate=errors / sketch.total,
        p50_ns=_quantile(sketch, 0.5),
        p95_ns=_quantile(sketch, 0.95),
        p99_ns=_quantile(sketch, 0.99),
        critical_s=sum(bucket.critical_us for bucket in buckets) / _US_PER_S,
        baseline=_baseline(state.before),
        verdict=state.standing,
        trend=_trend(buckets),
    )


def _trend(buckets: Sequence[Bucket]) -> list[TrendItem]:
    by_number: dict[int, list[Bucket]] = {}
    for bucket in buckets:
        by_number.setdefault(bucket.number, []).append(bucket)
    return [_trend_item(number, found) for number, found in sorted(by_number.items())]


def _trend_item(number: int, buckets: Sequence[Bucket]) -> TrendItem:
    sketch = sketch_of(buckets)
    return TrendItem(
        start=format_time(number * BUCKET_NS),
        start_ns=str(number * BUCKET_NS),
        calls=sketch.total,
        errors=_errors(buckets),
        p50_ns=_quantile(sketch, 0.5),
        p95_ns=_quantile(sketch, 0.95),
    )


def _baseline(sketch: Sketch) -> BaselineItem:
    p50, p95 = (_quantile(sketch, q) if sketch.total >= ENOUGH else None for q in (0.5, 0.95))
    return BaselineItem(samples=sketch.total, p50_ns=p50, p95_ns=p95)


def _quantile(sketch: Sketch, q: float) -> str:
    return str(round(value_of(sketch.quantile(q))))


def _calls(buckets: Iterable[Bucket]) -> int:
    return sum(sum(bucket.counts.values()) for bucket in buckets)


def _errors(buckets: Iterable[Bucket]) -> int:
    return _calls(bucket for bucket in buckets if is_error(bucket.operation.status))
