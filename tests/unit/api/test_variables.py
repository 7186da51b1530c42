"""Variables over all traces: lists, audit trails across traces, hotspots, races between traces."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from tests.unit.api.serving import NOW_NS, Serving
from tests.unit.core.build import NOON_NS, Story

from raceway_api.cursor import read_cursor
from raceway_api.v1.trail import TrailCursor, TrailItem, Wanted, read_trail
from raceway_cli.file_trail import Audited, trail_in
from raceway_common.packing import pack_run
from raceway_common.ports.trace_store import VariableFilter
from raceway_core.analysis import analyze_trace
from raceway_core.event import Scope
from raceway_core.offline_variable import find_variable
from raceway_core.run import find_across_traces

pytestmark = pytest.mark.anyio

NAMES = ["accounts['alice']", "a/b/audit-trail", "ü é", "100% sure?", "x#2", "a+b&c=d"]
MINUTE_NS = 60_000_000_000


def trace_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


async def keep(api: Serving, *stories: Story) -> None:
    """Store and analyze traces, then count what they do to one another."""
    for story in stories:
        await api.keep(story.events)
        await api.publish_result(analyze_trace(story.trace_id, story.events))
    claims = await api.deps.queue.claim_runs(100, owner="test", now_ns=NOW_NS + MINUTE_NS)
    windows = await api.deps.traces.windows(claims)
    counted = [
        pack_run(claim, find_across_traces(claim.span, found))
        for claim, found in zip(claims, windows, strict=True)
    ]
    await api.deps.findings.replace_runs(counted, now_ns=NOW_NS + MINUTE_NS)


def withdrawals(variable: str = "balance") -> list[Story]:
    """Return two traces that withdraw from 100 at once, one of which is lost."""
    first, second = Story(trace_id(1), host="h"), Story(trace_id(2), host="h", service="shop")
    for at, story in ((1, first), (2, second)):
        story.read(variable, 100, at=at)
    for at, story in ((5, first), (6, second)):
        story.write(variable, 90, at=at)
    return [first, second]


async def trail_at(api: Serving, variable: str, **parameters: str | int) -> Any:
    path = f"/api/v1/variables/{quote(variable, safe='')}/audit-trail"
    return await api.get(path, parameters=parameters)


async def test_variables_are_listed_with_what_they_went_through(api: Serving) -> None:
    quiet = Story(trace_id(3), service="mail")
    for value in range(9):
        quiet.write("quiet", value, scope=Scope.SERVICE)
    await keep(api, *withdrawals(), quiet)
    listed = await api.get("/api/v1/variables")
    assert listed["next_cursor"] is None
    first, second = listed["variables"]
    assert first == {
        "name": "balance", "scope": "global", "trace_count": 2, "accesses": 4, "reads": 2, "writes": 2,
        "race_pairs": 0, "across_pairs": first["across_pairs"], "services": ["bank", "shop"],
    }  # fmt: skip
    assert first["across_pairs"] > 0
    assert (second["name"], second["scope"], second["services"]) == ("quiet", "service:mail", ["mail"])
    by_accesses = await api.get("/api/v1/variables", parameters={"order": "accessed", "limit": 1})
    assert [row["name"] for row in by_accesses["variables"]] == ["quiet"]
    rest = {"order": "accessed", "cursor": by_accesses["next_cursor"]}
    assert [row["name"] for row in (await api.get("/api/v1/variables", parameters=rest))["variables"]] == [
        "balance"
    ]
    found = await api.get("/api/v1/variables", parameters={"text": "ALA"})
    assert [row["name"] for row in found["variables"]] == ["balance"]


async def test_a_lost_update_across_traces_is_told_step_by_step(api: Serving) -> None:
    await keep(api, *withdrawals())
    view = await trail_at(api, "balance")
    assert (view["variable"], view["scope"], view["is_cut"], view["next_cursor"]) == (
        "balance",
        "global",
        False,
        None,
    )
    assert [row["scope"] for row in view["scopes"]] == ["global"]
    told = [
        (one["access"]["trace_id"][-1], one["access"]["access_type"], one["edge"]) for one in view["accesses"]
    ]
    assert told == [
        ("1", "Read", ""),
        ("2", "Read", "concurrent"),
        ("1", "Write", "concurrent"),
        ("2", "Write", "concurrent"),
    ]


async def test_files_have_the_trail_of_a_server(api: Serving) -> None:
    quiet = Story(trace_id(3), service="mail", at=2)
    for value in range(3):
        quiet.write("balance", value, scope=Scope.SERVICE)
        quiet.write("other", value)
        quiet.update("balance", value, old=value + 1)
    stories = [*withdrawals(), quiet]
    await keep(api, *stories)
    found = find_variable((event for story in stories for event in story.events), "balance")
    assert found.names == {"balance", "other"}
    for scope in (None, "global", "service:mail"):
        asked = {} if scope is None else {"scope": scope}
        in_files = trail_in(found, Audited("balance", scope))
        assert msgspec.json.decode(msgspec.json.encode(in_files)) == await trail_at(api, "balance", **asked)
    assert [row.across_pairs > 0 for row in in_files.scopes] == [True, False]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("windows", [1, 2, 500])
async def test_pages_of_a_trail_follow_each_other(api: Serving, limit: int, windows: int) -> None:
    stories = [Story(trace_id(number), at=number // 3 * 40_000 + number) for number in range(9)]
    for number, story in enumerate(stories):
        story.read("x", 1)
        story.write("x", 1)
        if number % 3 == 0:  # this one is under way while the others come and go
            story.write("x", 1, at=number // 3 * 40_000 + 30_000)
    await keep(api, *stories)
    scopes = await api.deps.traces.variables(VariableFilter(name="x"), limit=9, after=None)
    told: list[TrailItem] = []
    after: TrailCursor | None = None
    while True:
        wanted = Wanted(NOON_NS, NOON_NS + 5 * MINUTE_NS, limit, after, windows)
        page = await read_trail(api.deps, "x", scopes[0], wanted, scopes)
        told += page.accesses
        if page.next_cursor is None:
            break
        after = read_cursor(page.next_cursor, TrailCursor)
    whole = (await trail_at(api, "x"))["accesses"]
    assert len(whole) == 21
    assert all(one["is_race"] for one in whole)
    assert msgspec.json.decode(msgspec.json.encode(told)) == whole


async def test_a_trail_is_cut_in_time_and_names_its_scopes(api: Serving) -> None:
    story = Story(trace_id(1))
    for value in range(6):
        story.write("x", value)
    story.write("x", 7, scope=Scope.SERVICE)
    await keep(api, story)
    times = {"from": str(NOON_NS + 2_000_000), "to": "2023-11-14T22:13:20.004Z"}
    view = await trail_at(api, "x", **times)
    assert [one["access"]["new_value"] for one in view["accesses"]] == [1, 2, 3]
    assert [row["scope"] for row in view["scopes"]] == ["global", "service:bank"]
    other = await trail_at(api, "x", scope="service:bank")
    assert [one["access"]["new_value"] for one in other["accesses"]] == [7]
    none = await trail_at(api, "x", scope="process:nobody")
    assert (none["scope"], none["accesses"]) == (None, [])


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_may_be_anything(api: Serving, name: str) -> None:
    await keep(api, *withdrawals(name))
    assert len((await trail_at(api, name))["accesses"]) == 4
    single = await api.get(f"/api/v1/traces/{trace_id(1)}/audit-trail/{quote(name, safe='')}")
    assert [len(one["accesses"]) for one in single["trails"]] == [2]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"from": "yesterday"}, "from: "),
        ({"to": "9" * 30}, "to: "),
        ({"cursor": "AAAA"}, "cursor: "),
        ({"limit": 0}, "limit: "),
    ],
)
async def test_a_wrong_parameter_of_a_trail_is_named(
    empty_api: Serving, parameters: dict[str, str | int], reason: str
) -> None:
    problem = await empty_api.get("/api/v1/variables/x/audit-trail", status=400, parameters=parameters)
    assert problem["detail"].startswith(reason)


async def test_a_cursor_belongs_to_one_trail(api: Serving) -> None:
    await keep(api, *withdrawals("x"), *[])
    page = await trail_at(api, "x", limit=1)
    path = "/api/v1/variables/y/audit-trail"
    problem = await api.get(path, status=400, parameters={"cursor": page["next_cursor"]})
    assert "another variable" in problem["detail"]
    scoped = {"cursor": page["next_cursor"], "scope": "service:bank"}
    await api.get("/api/v1/variables/x/audit-trail", status=400, parameters=scoped)


async def test_nothing_is_known_of_an_unknown_variable(empty_api: Serving) -> None:
    view = await trail_at(empty_api, "nobody's")
    assert (view["variable"], view["scope"], view["scopes"], view["accesses"]) == ("nobody's", None, [], [])
    await empty_api.get("/api/v1/variables/%00/audit-trail", status=400)


async def test_hotspots(api: Serving) -> None:
    await keep(api, *withdrawals())
    hotspots = await api.data("/api/distributed/hotspots")
    assert hotspots == {
        "top_variables": [
            {"variable": "balance", "access_count": 4, "trace_count": 2, "services": ["bank", "shop"]}
        ],
        "top_service_calls": [],
    }
    ours = await api.get("/api/v1/hotspots")
    assert [row["name"] for row in ours["contended"]] == ["balance"]
    assert [row["name"] for row in ours["accessed"]] == ["balance"]


async def test_races_between_traces_in_the_originals_shape(api: Serving) -> None:
    inside = Story(trace_id(7))
    root = inside.call()
    for thread in ("w1", "w2"):
        inside.write("other", 1, on=thread, parent=root)
    await keep(api, *withdrawals(), inside)
    races = await api.data("/api/distributed/global-races")
    assert races["total_races"] == len(races["races"]) > 0
    for race in races["races"]:
        assert race.keys() == {
            "variable", "trace_count", "access_count", "access_types", "thread_count", "severity",
            "trace_ids", "fingerprint",
        }  # fmt: skip
        assert (race["variable"], race["trace_count"], race["access_count"], race["thread_count"]) == (
            "balance", 2, 4, 2,
        )  # fmt: skip
        assert race["severity"] in {"CRITICAL", "WARNING", "INFO"}
        assert race["trace_ids"] == [trace_id(1), trace_id(2)]


async def test_nothing_is_hot_where_nothing_is(empty_api: Serving) -> None:
    assert await empty_api.data("/api/distributed/hotspots") == {"top_variables": [], "top_service_calls": []}
    assert await empty_api.data("/api/distributed/global-races") == {"total_races": 0, "races": []}
