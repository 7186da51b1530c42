"""Services and the calls between them, over all traces and in one."""

from __future__ import annotations

from uuid import uuid4

import msgspec
import pytest
from tests.unit.api.serving import NOW_NS, Serving
from tests.unit.api.stories import TRACE, UNKNOWN_TRACE, events_of, result_of

from raceway_core.analysis import analyze_trace
from raceway_core.event import TraceId
from raceway_core.result import Call, TraceResult

pytestmark = pytest.mark.anyio

MINUTE_NS = 60_000_000_000
HOSTILE = ["%00", "%22%27%3B--", "%F0%9F%92%A5", "x" * 3000, "%ff", "..%2F..%2Fetc"]


def _ended(result: TraceResult, last_ns: int) -> TraceResult:
    return msgspec.structs.replace(result, summary=msgspec.structs.replace(result.summary, last_ns=last_ns))


async def test_edges_tell_links_apart_and_neighbours_do_not(filled_api: Serving) -> None:
    assert await filled_api.data("/api/distributed/edges") == {
        "total_edges": 2,
        "edges": [
            {"from_service": "transfers", "to_service": "ledger", "link_type": "HttpCall", "call_count": 2},
            {
                "from_service": "transfers",
                "to_service": "ledger",
                "link_type": "MessageQueue",
                "call_count": 1,
            },
        ],
    }
    assert await filled_api.data("/api/services/ledger/dependencies") == {
        "service_name": "ledger",
        "calls_to": [],
        "called_by": [{"to": "transfers", "total_calls": 3, "trace_count": 1}],
    }
    transfers = await filled_api.data("/api/services/transfers/dependencies")
    assert transfers["calls_to"] == [{"to": "ledger", "total_calls": 3, "trace_count": 1}]


async def test_calls_are_those_of_the_current_results(api: Serving) -> None:
    other = TraceId(str(uuid4()))
    for trace_id in (TRACE, other):
        await api.keep(events_of(trace_id))
        await api.publish_result(result_of(trace_id))
    assert (await api.data("/api/services/ledger/dependencies"))["called_by"][0]["total_calls"] == 6
    await api.keep(events_of(other))
    result = result_of(other)
    summary = msgspec.structs.replace(result.summary, calls=(Call("ledger", "transfers", 1),))
    await api.publish_result(msgspec.structs.replace(result, summary=summary), version=2)
    ledger = await api.data("/api/services/ledger/dependencies")
    assert ledger["called_by"] == [{"to": "transfers", "total_calls": 3, "trace_count": 1}]
    assert ledger["calls_to"] == [{"to": "transfers", "total_calls": 1, "trace_count": 1}]


async def test_traces_of_a_service_by_page(filled_api: Serving) -> None:
    page = await filled_api.data("/api/services/ledger/traces", page=0, page_size=10**12)
    assert (page["service_name"], page["total_traces"], page["page"], page["page_size"]) == (
        "ledger",
        1,
        1,
        1000,
    )
    assert [line["trace_id"] for line in page["traces"]] == [TRACE]
    assert (await filled_api.data("/api/services/ledger/traces", page=2))["traces"] == []
    assert (await filled_api.data("/api/services/ledger/traces", min_events=5))["traces"] == []


@pytest.mark.parametrize(
    ("silent_minutes", "window", "status", "minutes"),
    [
        (-5, 60, "healthy", 0),
        (0, 60, "healthy", 1),
        (58, 60, "healthy", 59),
        (60, 60, "warning", 61),
        (118, 60, "warning", 119),
        (119, 60, "critical", 120),
        (5, 1, "critical", 6),
        (5, -7, "critical", 6),
        (5, 10**15, "healthy", 6),
    ],
)
async def test_a_service_is_judged_by_its_silence(
    api: Serving, silent_minutes: int, window: int, status: str, minutes: int
) -> None:
    await api.keep(events_of())
    await api.publish_result(_ended(result_of(), NOW_NS - silent_minutes * MINUTE_NS))
    services = await api.data("/api/services/health", time_window_minutes=window)
    assert [service["name"] for service in services] == ["ledger", "transfers"]
    for service in services:
        assert (service["status"], service["minutes_since_last_activity"]) == (status, minutes)
    assert [service["avg_events_per_trace"] for service in services] == [1.0, 3.0]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("route", ["traces", "dependencies"])
async def test_no_name_is_a_fault(empty_api: Serving, name: str, route: str) -> None:
    answer = await empty_api.client.get(f"/api/services/{name}/{route}")
    assert answer.status_code in {200, 400, 404}
    assert answer.json()["success"] is (answer.status_code == 200)


@pytest.mark.parametrize("window", ["x", "1.5", "", "NaN"])
async def test_a_window_is_a_whole_number(empty_api: Serving, window: str) -> None:
    assert not (
        await empty_api.get("/api/services/health", status=400, parameters={"time_window_minutes": window})
    )["success"]


async def test_a_trace_by_services(filled_api: Serving) -> None:
    view = await filled_api.data(f"/traces/{TRACE}/analysis/distributed")
    work = {
        service["name"]: service["total_duration_ms"] for service in view["service_breakdown"]["services"]
    }
    assert sum(work.values()) == 2.5
    assert view["service_breakdown"]["cross_service_calls"] == 3
    assert view["critical_path"]["total_duration_ms"] == 3.0
    assert view["race_conditions"] == {"total_races": 1, "critical_races": 1, "warning_races": 0}
    assert view["is_distributed"] is (view["service_breakdown"]["total_services"] > 1)


async def test_a_trace_that_is_not_analyzed_has_services_but_no_calls(api: Serving) -> None:
    await api.keep(events_of())
    view = await api.data(f"/traces/{TRACE}/analysis/distributed")
    assert view["critical_path"] is None
    assert view["race_conditions"]["total_races"] == view["service_breakdown"]["cross_service_calls"] == 0
    assert sum(service["event_count"] for service in view["service_breakdown"]["services"]) == 4
    dependencies = await api.data(f"/api/traces/{TRACE}/dependencies")
    assert dependencies == {"trace_id": TRACE, "services": [], "dependencies": []}
    await api.publish_result(analyze_trace(TRACE, events_of()))
    assert (await api.data(f"/traces/{TRACE}/dependencies"))["services"] != []


@pytest.mark.parametrize("rest", ["dependencies", "analysis/distributed"])
async def test_only_stored_traces_have_them(empty_api: Serving, rest: str) -> None:
    await empty_api.get(f"/traces/{UNKNOWN_TRACE}/{rest}", status=404)
    await empty_api.get(f"/traces/not-a-uuid/{rest}", status=400)
