"""`/api/v1/performance`: each operation's rate, failures, durations, cost, and how it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from raceway_api.performance import Lately, sketch_of
from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import ENOUGH
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.bucket import BUCKET_NS, Bucket
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


class _Share(NamedTuple):
    """What an operation took of critical paths, and how often it was called."""

    critical_us: int
    calls: int


def view_performance(wanted: Lately, states: Mapping[Operation, State], limit: int) -> Performance:
    """Return the operations that were called lately, up to `limit`."""
    shares = {family: _share(wanted, family) for family in states}
    shown = sorted(shares, key=lambda family: (-shares[family].critical_us, -shares[family].calls, family))
    return Performance(
        since=format_time(wanted.first * BUCKET_NS) if states else None,
        total=len(shares),
        operations=[_kept_item(wanted, family, states[family]) for family in shown[:limit]],
    )


def _share(wanted: Lately, family: Operation) -> _Share:
    def build() -> _Share:
        buckets = wanted.buckets(family)
        return _Share(sum(bucket.critical_us for bucket in buckets), _calls(buckets))

    return wanted.said(_Share, family, build)


def _kept_item(wanted: Lately, family: Operation, state: State) -> OperationItem:
    return wanted.said(OperationItem, family, lambda: _item(family, state, wanted.buckets(family)))


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
