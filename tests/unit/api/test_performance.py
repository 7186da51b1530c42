"""How operations and services do, over the API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.serving import Serving
from tests.unit.api.shop import order, orders, sell, trace_id_of

pytestmark = pytest.mark.anyio

METRICS = {"trace_latency", "event_performance", "service_latency", "throughput"}


async def operation(api: Serving) -> dict[str, Any]:
    [item] = (await api.get("/api/v1/performance"))["operations"]
    found: dict[str, Any] = item
    return found


async def health(api: Serving, minutes: int = 60) -> str:
    [service] = await api.data("/api/services/health", time_window_minutes=minutes)
    status: str = service["status"]
    return status


async def test_metrics_of_nothing_are_zero(api: Serving) -> None:
    metrics = await api.data("/api/performance/metrics")
    assert metrics.keys() == METRICS
    assert metrics["trace_latency"] == {
        "avg_ms": 0.0,
        "p50_ms": 0.0,
        "p95_ms": 0.0,
        "p99_ms": 0.0,
        "slowest_traces": [],
    }
    assert metrics["event_performance"] == {"avg_duration_ms": 0.0, "by_type": [], "slow_operations": []}
    assert metrics["throughput"] == {
        "events_per_second": 0.0,
        "traces_per_second": 0.0,
        "time_range_seconds": 0.0,
    }
    assert await api.get("/api/v1/performance") == {"since": None, "total": 0, "operations": []}


async def test_metrics_of_traces_events_and_services(api: Serving) -> None:
    await sell(api, [order(n, 20 + n, 10) for n in range(101)])
    metrics = await api.data("/api/performance/metrics", limit=3)
    latency, events = metrics["trace_latency"], metrics["event_performance"]
    assert [latency[key] for key in ("avg_ms", "p50_ms", "p95_ms", "p99_ms")] == [70, 70, 115, 119]
    slowest = [(trace["trace_id"], trace["duration_ms"]) for trace in latency["slowest_traces"]]
    assert slowest == [(trace_id_of(100 - n), 120 - n) for n in range(3)]
    assert latency["slowest_traces"][0]["services"] == ["shop"]
    assert [(each["type"], each["count"]) for each in events["by_type"]] == [
        ("FunctionCall", 101),
        ("HttpRequest", 101),
    ]
    assert [each["operation"] for each in events["slow_operations"]] == ["POST /order", "pay"]
    assert events["avg_duration_ms"] == pytest.approx(40, rel=0.01)
    [service] = metrics["service_latency"]
    assert (service["service"], service["event_count"]) == ("shop", 303)
    assert service["avg_duration_ms"] == pytest.approx(40, rel=0.01)
    assert metrics["throughput"]["time_range_seconds"] == pytest.approx(100.12)
    assert metrics["throughput"]["traces_per_second"] == pytest.approx(101 / 100.12)
    assert metrics["throughput"]["events_per_second"] == pytest.approx(303 / 100.12)


@pytest.mark.parametrize("limit", [-5, 0, 10**9])
async def test_any_limit_of_metrics_is_served(api: Serving, limit: int) -> None:
    await sell(api, orders([10, 20]))
    metrics = await api.data("/api/performance/metrics", limit=limit)
    assert len(metrics["trace_latency"]["slowest_traces"]) == (2 if limit > 2 else 0)


async def test_an_operation_has_rate_failures_durations_and_trend(api: Serving) -> None:
    await sell(
        api, [order(n, 10 + n, status=500 if n % 10 == 0 else 200, every_ms=20_000) for n in range(100)]
    )
    item = await operation(api)
    assert (item["service"], item["operation"], item["event_kind"]) == ("shop", "POST /order", "HttpRequest")
    assert (item["calls"], item["errors"], item["error_rate"]) == (100, 10, 0.1)
    assert item["rate_per_s"] == pytest.approx(0.05, rel=0.35)
    assert int(item["p50_ns"]) == pytest.approx(59_000_000, rel=0.01)
    assert int(item["p95_ns"]) == pytest.approx(104_000_000, rel=0.01)
    assert int(item["p99_ns"]) == pytest.approx(108_000_000, rel=0.01)
    assert item["critical_s"] == pytest.approx(5.95)
    assert sum(each["calls"] for each in item["trend"]) == 100
    starts = [int(each["start_ns"]) for each in item["trend"]]
    assert starts == sorted(starts)
    assert len(starts) in {4, 5}


@pytest.mark.parametrize(
    ("durations", "verdict", "status"),
    [
        ([10.0] * 15, "insufficient_data", "healthy"),
        ([10.0] * 100, "normal", "healthy"),
        ([10.0] * 60 + [50.0] * 40, "slower", "warning"),
    ],
    ids=["few", "normal", "slower"],
)
async def test_what_it_took_lately_is_compared(
    api: Serving, durations: list[float], verdict: str, status: str
) -> None:
    await sell(api, orders(durations, every_ms=25_000))
    assert (await operation(api))["verdict"] == verdict
    assert await health(api) == status


async def test_a_level_that_shifts_at_once_is_slower(api: Serving) -> None:
    await sell(api, orders([10.0] * 30 + [50.0] * 30, every_ms=100))
    assert (await operation(api))["verdict"] == "slower"
    assert await health(api) == "warning"


@pytest.mark.parametrize(("failures", "status"), [(1, "healthy"), (4, "warning"), (30, "critical")])
async def test_a_service_that_fails_is_not_healthy(api: Serving, failures: int, status: str) -> None:
    await sell(api, [order(n, 10, status=500 if n >= 50 - failures else 200) for n in range(50)])
    assert await health(api) == status


async def test_a_silent_service_is_not_healthy(api: Serving) -> None:
    await sell(api, orders([10.0] * 50))
    assert [await health(api, minutes) for minutes in (60, 30, 10)] == ["healthy", "warning", "critical"]


async def test_wrong_parameters_are_named(api: Serving) -> None:
    for path in ("hours=0", "hours=25", "limit=0", "limit=1001"):
        await api.get(f"/api/v1/performance?{path}", status=400)
