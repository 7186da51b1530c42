"""`/api/v1/traces/{id}/causal-graph`: pages of nodes and edges, and why one event is before another."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec
import pytest
from tests.e2e.worked_example import FIRST, LAST, ROOT, SECOND
from tests.unit.api.serving import Serving
from tests.unit.api.stories import MS, TRACE, UNKNOWN_TRACE, events_of, result_of

from raceway_api.graph_cache import GraphCache, GraphKey
from raceway_api.v1.causal_graph import GraphPage
from raceway_api.v1.why import WhyView
from raceway_core.causality import Causality
from raceway_core.event import Event, EventId, TraceId
from raceway_core.options import DEFAULTS

pytestmark = pytest.mark.anyio

GRAPH = f"/api/v1/traces/{TRACE}/causal-graph"


def path(first: str, second: str, trace: str = TRACE) -> str:
    return f"/api/v1/traces/{trace}/causal-graph/path?from={first}&to={second}"


@pytest.mark.parametrize(
    ("route", "view"), [(GRAPH, GraphPage), (path(FIRST, SECOND), WhyView), (path(ROOT, FIRST), WhyView)]
)
async def test_routes_answer_what_is_documented(
    filled_api: Serving, route: str, view: type[msgspec.Struct]
) -> None:
    answer = await filled_api.client.get(route)
    assert answer.headers["content-type"] == "application/json"
    assert msgspec.json.encode(msgspec.json.decode(answer.content, type=view)) == answer.content
    etag = answer.headers["etag"]
    assert (await filled_api.client.get(route, headers={"If-None-Match": etag})).status_code == 304


async def test_a_graph_has_causes_first_and_the_edges_that_lead_to_them(filled_api: Serving) -> None:
    graph = await filled_api.get(GRAPH)
    assert (graph["total_events"], graph["total_nodes"], graph["lanes"]) == (4, 4, 3)
    assert [(node["id"], node["what"], node["lane"], node["position"]) for node in graph["nodes"]] == [
        (ROOT, "call of process_transfers", 0, 1),
        (FIRST, "write of balance", 1, 1),
        (SECOND, "write of balance", 2, 1),
        (LAST, "call of report", 0, 2),
    ]
    assert graph["edges"] == [
        {"source": ROOT, "target": FIRST, "kind": "parent", "assumed": False},
        {"source": ROOT, "target": SECOND, "kind": "parent", "assumed": False},
        {"source": ROOT, "target": LAST, "kind": "program order", "assumed": False},
    ]
    assert graph["next_cursor"] is None


async def test_pages_follow_one_another(filled_api: Serving) -> None:
    pages: list[dict[str, Any]] = [await filled_api.get(GRAPH, parameters={"limit": 3})]
    pages.append(await filled_api.get(GRAPH, parameters={"limit": 3, "cursor": pages[0]["next_cursor"]}))
    assert [len(page["nodes"]) for page in pages] == [3, 1]
    assert [len(page["edges"]) for page in pages] == [2, 1]
    assert pages[1]["next_cursor"] is None


async def test_an_event_that_lasts_has_two_nodes_and_a_return_is_assumed(api: Serving) -> None:
    root, first, second, last = events_of()
    metadata = msgspec.structs.replace(root.metadata, duration_ns=10 * MS, start_ns=root.time_ns)
    await api.keep([msgspec.structs.replace(root, metadata=metadata), first, second, last])
    graph = await api.get(GRAPH)
    assert [node["id"] for node in graph["nodes"]] == [f"{ROOT}:start", FIRST, SECOND, LAST, f"{ROOT}:end"]
    returns = [edge for edge in graph["edges"] if edge["assumed"]]
    assert [(edge["source"], edge["target"]) for edge in returns] == [
        (FIRST, f"{ROOT}:end"),
        (SECOND, f"{ROOT}:end"),
    ]


async def test_of_ordered_events_the_path_is_shown(filled_api: Serving) -> None:
    why = await filled_api.get(path(SECOND, ROOT.upper()))
    assert (why["relation"], why["branches"], why["ancestor"]) == ("after", [], None)
    assert why["path"]["start"]["event_id"] == ROOT
    assert [(step["kind"], step["to"]["event_id"]) for step in why["path"]["steps"]] == [("parent", SECOND)]
    assert why["sentence"] == (
        "The call of process_transfers at app.py:1 (thread-main) happens before the write of balance at"
        " app.py:12 (worker-2): by parent."
    )


async def test_of_concurrent_events_both_branches_are_shown(filled_api: Serving) -> None:
    why = await filled_api.get(path(FIRST, SECOND))
    assert (why["relation"], why["locks"], why["path"]) == ("concurrent", "none", None)
    assert why["ancestor"]["event_id"] == ROOT
    assert [branch["steps"][-1]["to"]["event_id"] for branch in why["branches"]] == [FIRST, SECOND]
    assert why["sentence"].startswith("Nothing orders the write of balance at app.py:12 (worker-1) and")


async def test_locks_are_those_of_both_events(api: Serving) -> None:
    await api.keep(events_of(locked=True))
    why = await api.get(path(FIRST, SECOND))
    assert why["locks"] == "guarded"
    assert why["first"]["lockset"] == [{"id": "balance_lock", "mode": "exclusive"}]


@pytest.mark.parametrize(
    ("route", "status", "detail"),
    [
        (path(FIRST, FIRST), 400, "name two different events"),
        (path(FIRST, "nonsense"), 404, f"trace {TRACE} has no event 'nonsense'"),
        (path(FIRST, "%00"), 400, "to: a name has no NUL character"),
        (path(FIRST, UNKNOWN_TRACE), 404, f"trace {TRACE} has no event '{UNKNOWN_TRACE}'"),
        (path(FIRST, SECOND, UNKNOWN_TRACE), 404, f"no trace {UNKNOWN_TRACE} is stored"),
        (f"{GRAPH}/path?from={FIRST}", 400, "Missing required query parameter 'to'"),
        (f"{GRAPH}?cursor=nonsense", 400, "cursor: not one that this list gave out"),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(
    filled_api: Serving, route: str, status: int, detail: str
) -> None:
    problem = await filled_api.get(route, status=status)
    assert (problem["status"], detail in problem["detail"]) == (status, True)


async def test_a_graph_that_is_too_large_is_refused(api: Serving) -> None:
    api.deps.graphs.most_events = 3
    await api.keep(events_of())
    for _ in ("before its analysis", "after it"):
        problem = await api.get(GRAPH, status=413)
        assert problem["detail"] == f"trace {TRACE} has 4 events, more than the 3 of a causal graph"
        await api.publish_result(result_of())


async def test_an_event_that_arrives_later_is_in_the_next_answer(api: Serving) -> None:
    events = events_of()
    await api.keep(events[:2])
    await api.publish_result(result_of(), version=1)
    assert (await api.get(GRAPH))["total_events"] == 2
    await api.keep(events[2:])
    assert (await api.get(GRAPH))["total_events"] == 4


def graph(events: list[Event]) -> Causality:
    return Causality(events, DEFAULTS)


def test_graphs_are_kept_by_version_and_within_bounds() -> None:
    cache = GraphCache(most_events=8)
    keys = [GraphKey(TraceId(str(uuid4())), 1) for _ in range(3)]
    for key in keys[:2]:
        cache.put(key, graph(events_of()))
    assert cache.get(keys[0]) is not None
    cache.put(keys[2], graph(events_of()))
    assert [cache.get(key) is not None for key in keys] == [True, False, True]
    newer = GraphKey(keys[0].trace_id, 2)
    cache.put(newer, graph(events_of()[:1]))
    assert (cache.get(keys[0]), cache.get(newer) is not None) == (None, True)
    assert cache.get(GraphKey(TraceId("other"), 1)) is None


def test_a_graph_knows_its_events() -> None:
    assert [graph(events_of()).knows(EventId(one)) for one in (ROOT, "other")] == [True, False]
