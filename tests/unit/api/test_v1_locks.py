"""Locks, deadlocks, isolation and services under `/api/v1`, of one trace and of all."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.unit.api.serving import NOW_NS, Serving
from tests.unit.api.stories import TRACE, UNKNOWN_TRACE
from tests.unit.core.build import MS, NOON_NS, Story

from raceway_api.v1.deadlock import DeadlockList, TraceDeadlocks
from raceway_api.v1.distributed import TraceDependencies, TraceDistributed
from raceway_api.v1.isolation import RecentIsolation, TraceIsolation
from raceway_api.v1.lock import LockList, TraceLocks
from raceway_core.analysis import analyze_trace
from raceway_core.event import TransactionBegin, TransactionCommit

pytestmark = pytest.mark.anyio

OF_TRACE: dict[str, type[msgspec.Struct]] = {
    "locks": TraceLocks,
    "deadlocks": TraceDeadlocks,
    "isolation": TraceIsolation,
    "dependencies": TraceDependencies,
    "distributed": TraceDistributed,
}
OF_ALL: dict[str, type[msgspec.Struct]] = {
    "/api/v1/locks": LockList,
    "/api/v1/deadlocks": DeadlockList,
    "/api/v1/isolation": RecentIsolation,
}
AGO_MS = (NOW_NS - NOON_NS) / MS


def trace_id(number: int) -> str:
    return str(UUID(int=number))


def crossing(number: int = 1) -> Story:
    """Return a trace of two tasks that take two locks in opposite orders, one after the other."""
    story = Story(trace_id(number))
    for task, locks, at in (("T1", ("a", "b"), 0), ("T2", ("b", "a"), 20)):
        for place, lock in enumerate(locks):
            story.request(lock, on=task, at=at + 2 * place)
            story.acquire(lock, on=task, at=at + 2 * place + 1)
        for lock in locks:
            story.release(lock, on=task, at=at + 10)
    return story


def withdrawal(number: int, made: int, *, opening: bool = False, at: float = AGO_MS) -> Story:
    """Return a trace whose transaction sees 100 in a shared database and writes `made`."""
    story = Story(trace_id(number), at=at - 1000)
    steps = [("opening", None, 100)] if opening else []
    for name, seen, written in (*steps, (f"T{number}", 100, made)):
        story.event(TransactionBegin(transaction_id=name, resource="db"))
        if seen is not None:
            story.read("balance", seen)
        story.write("balance", written)
        story.event(TransactionCommit(transaction_id=name, resource="db"))
    return story


async def keep(api: Serving, *stories: Story) -> None:
    for story in stories:
        await api.keep(story.events)
        await api.publish_result(analyze_trace(story.trace_id, story.events))


@pytest.mark.parametrize(("part", "view"), OF_TRACE.items())
async def test_parts_of_a_trace_answer_what_is_documented(
    filled_api: Serving, part: str, view: type[msgspec.Struct]
) -> None:
    path = f"/api/v1/traces/{TRACE}/{part}"
    answer = await filled_api.client.get(path)
    decoded = msgspec.json.decode(answer.content, type=view)
    assert msgspec.json.encode(decoded) == answer.content
    again = await filled_api.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await filled_api.get(f"/api/v1/traces/{UNKNOWN_TRACE}/{part}", status=404)
    await filled_api.get(f"/api/v1/traces/nonsense/{part}", status=400)


@pytest.mark.parametrize("part", OF_TRACE)
async def test_parts_of_a_trace_that_is_not_analyzed_are_empty(api: Serving, part: str) -> None:
    story = crossing()
    await api.keep(story.events)
    answer = await api.get(f"/api/v1/traces/{story.trace_id}/{part}")
    assert (answer["as_of"], answer["version"]) == (0, 1)


@pytest.mark.parametrize(("path", "view"), OF_ALL.items())
async def test_lists_answer_what_is_documented(
    filled_api: Serving, path: str, view: type[msgspec.Struct]
) -> None:
    answer = await filled_api.client.get(path)
    assert msgspec.json.encode(msgspec.json.decode(answer.content, type=view)) == answer.content
    await filled_api.get(path, parameters={"limit": 0}, status=400)


@pytest.mark.parametrize("path", ["/api/v1/locks", "/api/v1/deadlocks"])
@pytest.mark.parametrize("cursor", ["nonsense", "%00", "kwEC", "x" * 600])
async def test_a_cursor_that_no_list_gave_is_refused(filled_api: Serving, path: str, cursor: str) -> None:
    await filled_api.get(path, parameters={"cursor": cursor}, status=400)


async def test_the_locks_of_a_trace_and_its_holds_in_a_window(api: Serving) -> None:
    story = crossing()
    await keep(api, story)
    locks = await api.get(f"/api/v1/traces/{story.trace_id}/locks")
    assert (locks["total_locks"], locks["total_holds"], locks["more_holds"]) == (2, 4, False)
    assert [(use["lock"], use["holds"], use["hold_ns"]) for use in locks["locks"]] == [
        ("a", 2, str((9 + 7) * MS)),
        ("b", 2, str((7 + 9) * MS)),
    ]
    first = locks["holds"][0]
    assert (first["lock"], first["thread_id"], first["contended"]) == ("a", "T1", False)
    assert [first[key] for key in ("asked_ns", "acquired_ns", "released_ns")] == [
        str(NOON_NS + at * MS) for at in (0, 1, 10)
    ]
    assert [hold["lock"] for hold in await _holds(api, story, from_ns=NOON_NS + 15 * MS)] == ["b", "a"]
    assert [hold["lock"] for hold in await _holds(api, story, to_ns=NOON_NS + 1 * MS)] == ["a"]
    assert [hold["lock"] for hold in await _holds(api, story, limit=1)] == ["a"]


async def _holds(api: Serving, story: Story, **parameters: int) -> list[dict[str, Any]]:
    answer = await api.get(f"/api/v1/traces/{story.trace_id}/locks", parameters=parameters)
    holds: list[dict[str, Any]] = answer["holds"]
    return holds


async def test_locks_of_all_traces_page_by_page(api: Serving) -> None:
    await keep(api, crossing(1), crossing(2))
    page = await api.get("/api/v1/locks", parameters={"limit": 1})
    rest = await api.get("/api/v1/locks", parameters={"limit": 9, "cursor": page["next_cursor"]})
    assert rest["next_cursor"] is None
    first, second = page["locks"][0], rest["locks"][0]
    assert {first["lock"], second["lock"]} == {"a", "b"}
    assert (first["traces"], first["holds"], first["hold_ns"]) == (2, 4, str(32 * MS))
    assert first["scope"] == "service:bank"


async def test_deadlocks_of_one_trace_and_of_all(api: Serving) -> None:
    stories = crossing(1), crossing(2)
    await keep(api, *stories)
    of_trace = await api.get(f"/api/v1/traces/{stories[0].trace_id}/deadlocks")
    assert (of_trace["total"], of_trace["is_cut"]) == (1, False)
    assert of_trace["deadlocks"][0]["status"] == "predicted"
    [finding] = (await api.get("/api/v1/deadlocks"))["deadlocks"]
    assert (finding["kind"], finding["traces"]) == ("deadlock", 2)
    assert (await api.get("/api/v1/races", parameters={"kind": "deadlock"}))["races"] == [finding]
    assert (await api.get("/api/v1/races", parameters={"kind": "race"}))["races"] == []


async def test_isolation_of_one_trace_and_of_recent_ones_together(api: Serving) -> None:
    await keep(api, withdrawal(1, 90, opening=True), withdrawal(2, 70), withdrawal(3, 50, at=AGO_MS - 7e6))
    alone = await api.get(f"/api/v1/traces/{trace_id(1)}/isolation")
    assert (alone["isolation"]["transactions"], alone["isolation"]["anomalies"]) == (2, [])
    found = await api.get("/api/v1/isolation", parameters={"last": "15m", "resource": "db"})
    [database] = found["resources"]
    assert (found["cut"], database["resource"], database["traces"]) == (False, "db", 2)
    [anomaly] = database["isolation"]["anomalies"]
    assert (anomaly["class"], anomaly["transactions"]) == ("lost-update", ["T1", "T2"])
    assert (await api.get("/api/v1/isolation", parameters={"last": "2h"}))["resources"][0]["traces"] == 3
    assert (await api.get("/api/v1/isolation", parameters={"resource": "other"}))["resources"] == []


@pytest.mark.parametrize("last", ["", "15", "m", "1w", "-1m", "1.5h", "9999999999d", "\u0663m"])
async def test_a_duration_that_is_none_is_refused(api: Serving, last: str) -> None:
    await api.get("/api/v1/isolation", parameters={"last": last}, status=400)


async def test_a_trace_by_services(filled_api: Serving) -> None:
    dependencies = await filled_api.get(f"/api/v1/traces/{TRACE}/dependencies")
    original = await filled_api.data(f"/api/traces/{TRACE}/dependencies")
    assert dependencies["services"] == original["services"]
    assert [call["count"] for call in dependencies["calls"]] == [2, 1]
    distributed = await filled_api.get(f"/api/v1/traces/{TRACE}/distributed")
    whole = await filled_api.data(f"/traces/{TRACE}/analysis/distributed")
    assert whole.items() <= distributed.items()
