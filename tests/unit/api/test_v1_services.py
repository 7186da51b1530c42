"""Services for `/api/v1`: lists, neighbours, the graph; names with slashes on every route."""

from __future__ import annotations

from uuid import uuid4

import msgspec
import pytest
from tests.unit.api.serving import Serving
from tests.unit.api.stories import events_of, result_of

from raceway_api.v1.hotspot import Hotspots
from raceway_api.v1.service import GraphView, ServiceDetail, ServiceList
from raceway_api.v1.variable import VariableList
from raceway_core.baseline.sketch import bucket_of
from raceway_core.event import TraceId
from raceway_core.result import Call, CallTimes, Link, ServiceCount, Window
from raceway_core.touch import Touches, pack_touches

pytestmark = pytest.mark.anyio

ROUTES: dict[str, type[msgspec.Struct]] = {
    "/api/v1/services": ServiceList,
    "/api/v1/services/ledger": ServiceDetail,
    "/api/v1/services/ledger/calls": ServiceDetail,
    "/api/v1/services?name=ledger": ServiceList,
    "/api/v1/services/graph": GraphView,
    "/api/v1/hotspots": Hotspots,
    "/api/v1/variables": VariableList,
}


@pytest.mark.parametrize(("path", "view"), ROUTES.items())
async def test_routes_answer_what_is_documented(
    filled_api: Serving, path: str, view: type[msgspec.Struct]
) -> None:
    answer = await filled_api.client.get(path)
    assert msgspec.json.encode(msgspec.json.decode(answer.content, type=view)) == answer.content
    again = await filled_api.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def called(
    api: Serving, *calls: Call, windows: tuple[Window, ...] = (), times: tuple[CallTimes, ...] = ()
) -> None:
    """Store a trace in which services call one another."""
    trace_id = TraceId(str(uuid4()))
    names = sorted({name for call in calls for name in (call.caller, call.callee)})
    result = result_of(trace_id, raced=False)
    services = tuple(ServiceCount(name, 1) for name in names)
    summary = msgspec.structs.replace(result.summary, services=services, calls=calls, call_times=times)
    await api.keep(events_of(trace_id))
    await api.publish_result(msgspec.structs.replace(result, summary=summary, windows=windows))


async def test_the_graph_has_levels_cycles_and_what_is_shared(api: Serving) -> None:
    shared = Window(
        "stock", "global", 1, 2, b"w", touches=pack_touches(Touches(2, 1, 1, 0, "", ("cart", "shop")))
    )
    await called(
        api,
        Call("web", "shop", 3, Link.HTTP),
        Call("web", "shop", 1, Link.MESSAGE),
        Call("shop", "cart", 2, Link.GRPC),
        Call("cart", "shop", 1),
        Call("cart", "db", 5, Link.DATABASE),
        windows=(shared,),
    )
    graph = await api.get("/api/v1/services/graph")
    assert [(node["service"]["name"], node["level"]) for node in graph["nodes"]] == [
        ("web", 0), ("cart", 1), ("shop", 1), ("db", 2),
    ]  # fmt: skip
    assert graph["cycles"] == [["cart", "shop"]]
    assert [(edge["caller"], edge["callee"], edge["calls"]) for edge in graph["calls"]] == [
        ("cart", "db", {"database": 5}),
        ("web", "shop", {"http": 3, "queue": 1}),
        ("shop", "cart", {"grpc": 2}),
        ("cart", "shop", {"custom": 1}),
    ]
    assert graph["shared"] == [
        {"first": "cart", "second": "shop", "kind": "shared-variable", "variable_count": 1}
    ]
    assert graph["total_links"] == 5


async def test_a_call_has_its_error_rate_and_quantiles(api: Serving) -> None:
    buckets = tuple((bucket_of(ms * 1_000_000), 1) for ms in range(1, 101))
    await called(api, Call("web", "shop", 100, Link.HTTP), times=(CallTimes("web", "shop", 40, 10, buckets),))
    await called(api, Call("web", "shop", 1), Call("web", "db", 1))
    graph = await api.get("/api/v1/services/graph")
    shop, db = graph["calls"]
    assert (shop["call_count"], shop["measured"], shop["error_rate"]) == (101, 100, 0.25)
    assert [shop["p50_ms"], shop["p95_ms"], shop["p99_ms"]] == pytest.approx([50, 95, 99], rel=0.02)
    assert [db[key] for key in ("measured", "error_rate", "p50_ms", "p95_ms", "p99_ms")] == [
        0,
        None,
        None,
        None,
        None,
    ]
    detail = await api.get("/api/v1/services/shop")
    assert detail["called_by"] == [shop]


async def test_services_are_paged_by_name(api: Serving) -> None:
    await called(api, Call("b", "é", 1), Call("a", "B", 1))
    first = await api.get("/api/v1/services", parameters={"limit": 3})
    assert [row["name"] for row in first["services"]] == ["B", "a", "b"]
    second = await api.get("/api/v1/services", parameters={"limit": 3, "cursor": first["next_cursor"]})
    assert ([row["name"] for row in second["services"]], second["next_cursor"]) == (["é"], None)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("graph", "graph"),
        ("calls", "calls"),
        ("health", "health"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("/", "%2f"),
        ("ü/ 100%", "%C3%BC%2F%20100%25"),
    ],
)
async def test_a_service_may_be_called_anything(api: Serving, name: str, sent: str) -> None:
    await called(api, Call("web", name, 2, Link.HTTP), Call(name, "db", 1))
    detail = await api.get(f"/api/v1/services/{sent}/calls")
    assert detail["service"]["name"] == name
    assert name == "graph" or await api.get(f"/api/v1/services/{sent}") == detail
    by_name = await api.get("/api/v1/services", parameters={"name": name})
    assert by_name == {"services": [detail["service"]], "next_cursor": None}
    assert [call["callee"] for call in detail["calls_to"]] == ["db"]
    assert [call["caller"] for call in detail["called_by"]] == ["web"]
    original = await api.data(f"/api/services/{sent}/dependencies")
    assert (original["service_name"], original["called_by"][0]["to"]) == (name, "web")
    traces = await api.data(f"/api/services/{sent}/traces")
    assert (traces["service_name"], traces["total_traces"]) == (name, 1)
    listed = await api.get("/api/v1/traces", parameters={"service": name})
    assert len(listed["traces"]) == 1


@pytest.mark.parametrize("name", ["nobody", "%2F", "x" * 3000, "%ff"])
async def test_an_unknown_service_is_not_there(empty_api: Serving, name: str) -> None:
    await empty_api.get(f"/api/v1/services/{name}", status=404)
    await empty_api.get(f"/api/v1/services/{name}/calls", status=404)
    listed = await empty_api.get(f"/api/v1/services?name={name}")
    assert listed == {"services": [], "next_cursor": None}


async def test_no_service_has_a_nul_in_its_name(empty_api: Serving) -> None:
    await empty_api.get("/api/v1/services/%00", status=400)
    await empty_api.get("/api/v1/services?name=%00", status=400)
