"""What a server says for `raceway check --url`: the items that files of the same events have, no fewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
from tests.unit.api.serving import NOW_NS, Serving
from tests.unit.api.shop import NOW_MS, order
from tests.unit.api.test_anomalies_anyhow import stories as orders
from tests.unit.api.test_v1_locks import trace_id, withdrawal
from tests.unit.api.test_variables import keep as keep_and_compare
from tests.unit.core.build import Story

from raceway_api.v1.anomaly import AnomalyList
from raceway_api.v1.isolation import RecentIsolation, check_rows, newest_within
from raceway_api.v1.race import FindingList
from raceway_cli.reported.item import Kind
from raceway_cli.reported.items import Found, found_in_report
from raceway_cli.reported.server import ServerAnswers, found_on_server
from raceway_cli.show.isolation import CUT
from raceway_common.packing import pack_outcome
from raceway_common.ports.trace_store import DeclaredRow
from raceway_common.ports.work_queue import TraceClaim
from raceway_core.analysis import analyze_trace
from raceway_core.event import TransactionBegin, TransactionCommit
from raceway_core.offline import analyze_events
from raceway_core.options import Latency, Options
from raceway_core.report import report_of

pytestmark = pytest.mark.anyio

HOUR_NS = 3_600_000_000_000
LIMITS_NS = {"POST /order": 70_000_000}
ALWAYS = NOW_NS - 24 * HOUR_NS


def stock(number: int, seen: int, made: int, *, key: str = "balance") -> Story:
    """Return a trace whose transaction in another resource touches a variable of the same name, or `key`."""
    story = Story(trace_id(number), at=NOW_MS - 500)
    story.event(TransactionBegin(transaction_id=f"S{number}", resource="stock"))
    story.read(key, seen, version=seen)
    story.write(key, made, version=seen + 1)
    story.event(TransactionCommit(transaction_id=f"S{number}", resource="stock"))
    return story


def told() -> list[Story]:
    """Return lost updates in one database and across traces, slow and failing calls, a new level."""
    return [
        withdrawal(1001, 90, opening=True),
        withdrawal(1002, 70),
        *(stock(number, 1, number, key=f"shelves[{number % 2}]") for number in range(1010, 1014)),
        stock(1020, 1, 2),
        *orders(),
    ]


async def asked(api: Serving, since_ns: int, limits_ns: Mapping[str, int] | None = None) -> ServerAnswers:
    slow = [f"{name}={limit_ns}" for name, limit_ns in (limits_ns or {}).items()]

    async def answer(path: str, **more: str | list[str]) -> bytes:
        parameters: dict[str, Any] = {"since": str(since_ns), "limit": 1000, **more}
        return msgspec.json.encode(await api.get(path, parameters=parameters))

    return ServerAnswers(
        msgspec.json.decode(await answer("/api/v1/races", all="true"), type=FindingList).races,
        msgspec.json.decode(await answer("/api/v1/isolation"), type=RecentIsolation),
        msgspec.json.decode(await answer("/api/v1/anomalies", slow=slow), type=AnomalyList),
    )


def in_files(stories: Sequence[Story], latency: Latency) -> Found:
    analysis = analyze_events(
        (event for story in stories for event in story.events), Options(latency=latency)
    )
    return found_in_report(report_of(analysis, file_format="raceway", has_time=True, with_hidden=True))


@pytest.mark.parametrize("limits_ns", [{}, LIMITS_NS])
async def test_a_server_has_the_items_of_files(api: Serving, limits_ns: Mapping[str, int]) -> None:
    await keep_and_compare(api, *told())
    found = found_on_server(await asked(api, ALWAYS, limits_ns))
    kinds = {item.kind for item in found.items}
    assert kinds >= {Kind.LOST_UPDATE, Kind.ISOLATION, Kind.LATENCY, Kind.ERRORS, Kind.REGRESSION}
    assert found == in_files(told(), Latency(limits_ns=limits_ns))
    limited = [item for item in found.items if ", at most " in item.summary]
    assert len(limited) == len(limits_ns)


async def test_only_what_happened_since_is_told(api: Serving) -> None:
    slow = [order(number, 100 if number in {30, 60} else 10, every_ms=30_000) for number in range(70)]
    old = [withdrawal(1001, 90, opening=True, at=NOW_MS - 7.2e6), withdrawal(1002, 70, at=NOW_MS - 7.2e6)]
    await keep_and_compare(api, *slow, *old)
    everything = await asked(api, ALWAYS)
    assert len(everything.anomalies.anomalies) == 2
    second_ns = int(everything.anomalies.anomalies[0].time_ns)
    late = await asked(api, second_ns)
    assert (late.findings, late.isolation.resources) == ([], [])
    assert [anomaly.time_ns for anomaly in late.anomalies.anomalies] == [str(second_ns)]
    assert found_on_server(await asked(api, second_ns + 1)) == Found([], [])
    assert (await asked(api, NOW_NS)).anomalies == AnomalyList([], None, is_cut=False)


async def test_pages_of_what_happened_since_have_it_all(api: Serving) -> None:
    slow = [
        order(number, 100 if number > 30 and number % 5 == 0 else 10, every_ms=30_000) for number in range(90)
    ]
    await keep_and_compare(api, *slow)
    since_ns = NOW_NS - 3_000_000_000_000 + 50 * 30_000_000_000
    [whole] = [(await asked(api, since_ns)).anomalies.anomalies]
    assert len(whole) > 4
    parameters: dict[str, Any] = {"since": str(since_ns), "limit": 1}
    paged = []
    while True:
        page = await api.get("/api/v1/anomalies", parameters=parameters)
        paged += page["anomalies"]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
    assert paged == msgspec.to_builtins(whole)


async def test_one_time_is_asked_for(api: Serving) -> None:
    both = {"since": "1", "last": "1h"}
    assert (
        "leave one of them out" in (await api.get("/api/v1/isolation", status=400, parameters=both))["detail"]
    )
    for path in ("/api/v1/isolation", "/api/v1/anomalies"):
        await api.get(path, status=400, parameters={"since": "yesterday"})
    for slow in ("", "name", "=1", "name=", "name=-1", "name=1s", f"name={10**18}", "name=\u0663"):
        await api.get("/api/v1/anomalies", status=400, parameters={"slow": slow})


def rows(stories: Sequence[Story]) -> list[DeclaredRow]:
    outcomes = [
        pack_outcome(TraceClaim(story.trace_id, 1), analyze_trace(story.trace_id, story.events))
        for story in stories
    ]
    return [
        DeclaredRow(outcome.claim.trace_id, entry.transactions, entry.body)
        for outcome in outcomes
        for entry in outcome.declared
    ]


def left_out(isolation: RecentIsolation, anomalies: AnomalyList) -> Sequence[str]:
    return found_on_server(ServerAnswers([], isolation, anomalies)).left_out


def recent(declared: Sequence[DeclaredRow], *, limit: int, most: int) -> RecentIsolation:
    newest = newest_within(declared, most)
    return RecentIsolation(
        since_ns="0", cut=len(newest) < len(declared), resources=check_rows(newest, limit=limit)
    )


def test_what_was_too_much_is_said() -> None:
    names = ("balance", "limits", "rates")
    stories = [
        stock(10 * place + number, 1, 2, key=key) for place, key in enumerate(names) for number in (1, 2)
    ]
    quiet = AnomalyList([], None, is_cut=False)
    whole = recent(rows(stories), limit=9, most=6)
    assert (whole.cut, whole.resources[0].isolation.total_faults) == (False, 3)
    assert left_out(whole, quiet) == []
    cut = recent(rows(stories), limit=1, most=5)
    assert left_out(cut, quiet) == [
        "isolation: only the newest 5 transactions were checked, there are more",
        "isolation of stock: 1 of 2 faults are not told",
    ]
    [database] = whole.resources
    hard = msgspec.structs.replace(
        database, isolation=msgspec.structs.replace(database.isolation, cut=("cycles",))
    )
    assert left_out(msgspec.structs.replace(whole, resources=[hard]), quiet) == [
        f"isolation of stock: {CUT['cycles']}"
    ]
    assert left_out(whole, AnomalyList([], "more", is_cut=True)) == [
        "latency and errors: too much was slow to look into all of it",
        "latency and errors: only the newest 0 anomalies were looked at",
    ]
