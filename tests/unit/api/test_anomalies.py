"""Anomalies over the API: of one trace and overall."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pytest
from tests.unit.api.serving import Serving
from tests.unit.api.shop import order, orders, sell, trace_id_of
from tests.unit.api.stories import TRACE, UNKNOWN_TRACE, events_of
from tests.unit.core.build import Story

pytestmark = pytest.mark.anyio

SLOW_ONE = [10.0] * 30 + [100.0] + [10.0] * 10
SLOW = trace_id_of(30)


async def all_anomalies(api: Serving, limit: int = 50) -> list[dict[str, Any]]:
    """Return every anomaly, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        parameters: dict[str, str | int] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = await api.get("/api/v1/anomalies", parameters=parameters)
        found += page["anomalies"]
        cursor = page["next_cursor"]
    return found


@pytest.mark.parametrize("path", ["/traces/{}/anomalies", "/api/traces/{}/anomalies"])
async def test_a_slow_trace_says_so_in_the_original_shape(api: Serving, path: str) -> None:
    await sell(api, orders(SLOW_ONE))
    data = await api.data(path.format(SLOW))
    [anomaly] = data["anomalies"]
    assert (data["trace_id"], data["anomaly_count"]) == (SLOW, 1)
    assert anomaly["severity"] == "Critical"
    assert anomaly["event_kind"] == "HttpRequest(POST /order)"
    assert anomaly["actual_duration_ms"] == 100
    assert anomaly["expected_duration_ms"] == pytest.approx(10, rel=0.01)
    assert isfinite(anomaly["std_dev_from_mean"])
    assert anomaly["description"] == "POST /order took 100 ms, normally 9.92 ms"
    assert (await api.data(path.format(trace_id_of(3))))["anomalies"] == []


async def test_the_whole_trace_has_its_anomalies(api: Serving) -> None:
    await sell(api, orders(SLOW_ONE))
    trace = await api.data(f"/api/traces/{SLOW}")
    assert trace["anomalies"] == (await api.data(f"/api/traces/{SLOW}/anomalies"))["anomalies"]
    assert trace["analysis"]["anomalies"] == [
        "LATENCY on POST /order (CRITICAL): POST /order took 100 ms, normally 9.92 ms"
    ]


async def test_a_cached_trace_learns_what_is_normal(api: Serving) -> None:
    stories = orders(SLOW_ONE)
    await sell(api, [stories[30]])
    assert (await api.data(f"/api/traces/{SLOW}"))["anomalies"] == []
    await sell(api, stories[:30])
    assert len((await api.data(f"/api/traces/{SLOW}"))["anomalies"]) == 1


async def test_reading_teaches_nothing(api: Serving) -> None:
    await sell(api, orders(SLOW_ONE))
    before = await api.get(f"/api/v1/traces/{SLOW}/anomalies")
    for _ in range(5):
        assert await api.get(f"/api/v1/traces/{SLOW}/anomalies") == before
        assert [each["trace_id"] for each in await all_anomalies(api)] == [SLOW]


async def test_too_little_is_said_to_be_insufficient(api: Serving) -> None:
    await sell(api, orders([10] * 10 + [100]))
    answer = await api.get(f"/api/v1/traces/{trace_id_of(10)}/anomalies")
    assert (answer["anomalies"], answer["insufficient_data"]) == ([], True)
    [baseline] = answer["baselines"]
    assert (baseline["samples"], baseline["median_ns"]) == (11, None)


async def test_a_baseline_is_shown(api: Serving) -> None:
    await sell(api, orders(SLOW_ONE))
    answer = await api.get(f"/api/v1/traces/{SLOW}/anomalies")
    [baseline] = answer["baselines"]
    assert (baseline["operation"], baseline["status"], baseline["samples"]) == ("POST /order", "2xx", 41)
    assert int(baseline["median_ns"]) == pytest.approx(10_000_000, rel=0.01)
    assert answer["insufficient_data"] is False


async def test_a_level_shift_is_one_regression(api: Serving) -> None:
    await sell(api, orders([10] * 60 + [100] * 60))
    [anomaly] = await all_anomalies(api)
    assert (anomaly["kind"], anomaly["trace_id"], anomaly["count"]) == ("regression", trace_id_of(60), 11)
    [told] = (await api.data(f"/api/traces/{trace_id_of(60)}/anomalies"))["anomalies"]
    assert told["description"] == "POST /order takes 101 ms from here on, before it took 9.92 ms"
    for number in (61, 70, 119):
        assert (await api.data(f"/api/traces/{trace_id_of(number)}/anomalies"))["anomalies"] == []


async def test_an_ancestor_that_a_child_explains_is_not_told(api: Serving) -> None:
    await sell(api, [order(n, 40 if n != 30 else 140, 20 if n != 30 else 120) for n in range(40)])
    assert [each["operation"] for each in await all_anomalies(api)] == ["pay"]
    [told] = (await api.data(f"/api/traces/{SLOW}/anomalies"))["anomalies"]
    assert told["event_kind"] == "FunctionCall(pay)"


async def test_failures_that_become_frequent_are_told(api: Serving) -> None:
    await sell(api, [order(n, 10, status=500 if n in range(50, 60) else 200) for n in range(70)])
    [anomaly] = [each for each in await all_anomalies(api) if each["kind"] == "errors"]
    assert (anomaly["actual_ns"], anomaly["expected_rate"], anomaly["actual_rate"]) == (None, 0, 0.5)
    [told] = (await api.data(f"/api/traces/{anomaly['trace_id']}/anomalies"))["anomalies"]
    assert told["description"] == "POST /order failed in 50% of its calls, normally in 0%"
    assert told["actual_duration_ms"] == 10


async def test_all_anomalies_are_paged_newest_first(api: Serving) -> None:
    slow = {40 + 7 * n: 60 + n for n in range(12)}
    await sell(api, [order(n, slow.get(n, 10), every_ms=20_000) for n in range(130)])
    whole = await all_anomalies(api)
    assert len(whole) == 12
    assert {each["trace_id"] for each in whole} == {trace_id_of(number) for number in slow}
    assert await all_anomalies(api, limit=1) == whole
    assert await all_anomalies(api, limit=5) == whole
    buckets = [int(each["time_ns"]) // 600_000_000_000 for each in whole]
    assert buckets == sorted(buckets, reverse=True)


async def test_days_are_told_page_by_page_while_newer_ones_come(api: Serving) -> None:
    slow = [60, 500, 900]
    made = [order(number, 100 if number in slow else 10, every_ms=400_000) for number in range(950)]
    for begin in range(0, 950, 190):
        await sell(api, made[begin : begin + 190])
        told = [each["trace_id"] for each in await all_anomalies(api)]
        assert told == [trace_id_of(number) for number in reversed(slow) if number < begin + 190]
    late = [order(number, 10, every_ms=400_000) for number in slow]
    await sell(api, late, version=2)
    assert await all_anomalies(api) == []


async def test_a_trace_that_is_analyzed_anew_counts_once(api: Serving) -> None:
    stories = orders(SLOW_ONE)
    await sell(api, stories)
    before = await all_anomalies(api), await api.get(f"/api/v1/traces/{SLOW}/anomalies")
    await sell(api, stories, version=2)
    after = await all_anomalies(api), await api.get(f"/api/v1/traces/{SLOW}/anomalies")
    assert after[0] == before[0]
    assert after[1]["baselines"] == before[1]["baselines"]


async def test_what_is_not_there_has_no_anomalies(api: Serving) -> None:
    assert await api.get("/api/v1/anomalies") == {"anomalies": [], "next_cursor": None, "is_cut": False}
    await api.get(f"/api/traces/{UNKNOWN_TRACE}/anomalies", status=404)
    await api.get("/api/traces/nonsense/anomalies", status=400)
    await api.get("/api/v1/traces/nonsense/anomalies", status=400)
    await api.get("/api/v1/anomalies?cursor=nonsense", status=400)
    await api.get("/api/v1/anomalies?limit=0", status=400)
    await api.keep(events_of())
    assert (await api.data(f"/api/traces/{TRACE}/anomalies"))["anomalies"] == []


async def test_a_trace_of_very_many_operations_is_served(api: Serving) -> None:
    """The longest are judged; here all of them ended days before the last, short one."""
    story = Story(SLOW, service="shop")
    for number in range(300):
        story.call(f"long {number}", at=10**8 + number, lasts_ms=1000)
    story.call("short", at=10**9, lasts_ms=1)
    await sell(api, [story])
    answer = await api.get(f"/api/v1/traces/{SLOW}/anomalies")
    assert (len(answer["baselines"]), answer["anomalies"]) == (200, [])
