"""What breaks the original's clients if it is served wrongly, one by one, each by a number of its own."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from tests.e2e.worked_example import FIRST, LAST, ROOT, SECOND
from tests.unit.api.serving import Serving
from tests.unit.api.stories import MS, TRACE, UNKNOWN_TRACE, events_of, finding_of, race_example, result_of

from raceway_core.analysis import analyze_trace
from raceway_core.event import Event, EventId, HeldLock, LockMode, Metadata, StateChange, TraceId, kind_of
from raceway_core.result import AuditTrail, EventNote

pytestmark = pytest.mark.anyio

ORPHAN = EventId("00000000-0000-4000-8000-0000000000aa")


async def test_1_a_batch_is_visible_before_its_analysis(api: Serving) -> None:
    await api.keep(events_of())
    trace = await api.data(f"/api/traces/{TRACE}")
    assert len(trace["events"]) == 4
    assert trace["analysis"]["potential_races"] == 0
    assert (trace["as_of"], trace["version"]) == (0, 1)


async def test_1_a_later_batch_is_visible_beside_the_older_analysis(api: Serving) -> None:
    events = events_of()
    await api.keep(events[:3])
    await api.publish_result(result_of())
    assert len((await api.data(f"/api/traces/{TRACE}"))["events"]) == 3
    await api.keep(events[3:])
    trace = await api.data(f"/api/traces/{TRACE}")
    assert len(trace["events"]) == 4
    assert (trace["as_of"], trace["version"]) == (1, 2)
    assert trace["analysis"]["potential_races"] == 1


async def test_1_a_duplicate_is_one_event_and_another_trace_another(api: Serving) -> None:
    other = TraceId(str(uuid4()))
    await api.keep(events_of())
    await api.keep(events_of())
    await api.keep(events_of(other))
    assert len((await api.data(f"/api/traces/{TRACE}"))["events"]) == 4
    assert {event["trace_id"] for event in (await api.data(f"/traces/{other}/events"))["events"]} == {other}


@pytest.mark.parametrize(("locked", "races"), [(False, 1), (True, 0)])
async def test_2_races_and_their_details_agree(api: Serving, races: int, *, locked: bool) -> None:
    events = events_of(locked=locked)
    await api.keep(events)
    await api.publish_result(analyze_trace(TRACE, events))
    analysis = (await api.data(f"/api/traces/{TRACE}"))["analysis"]
    assert analysis["potential_races"] == len(analysis["race_details"]) == races
    assert [race["severity"] for race in analysis["race_details"]] == ["CRITICAL"] * races
    assert sum(group["pairs"] for group in analysis["race_groups"]) == races


@pytest.mark.parametrize("location", ["app.py:12 transfer", "app.py:12", ""])
async def test_2_a_race_names_the_finding_that_it_belongs_to(api: Serving, location: str) -> None:
    events = [_located(event, location) for event in events_of()]
    await api.keep(events)
    await api.publish_result(analyze_trace(TRACE, events))
    [race] = (await api.data(f"/api/traces/{TRACE}"))["analysis"]["race_details"]
    finding = await api.get(f"/api/v1/races/{race['fingerprint']}")
    assert (finding["fingerprint"], finding["variable"]) == (race["fingerprint"], "balance")


async def test_3_a_trace_without_a_root_opens(api: Serving) -> None:
    first, second = events_of()[1:3]
    loop = [_with_parent(first, second.id), _with_parent(second, first.id)]
    await api.keep(loop)
    await api.publish_result(analyze_trace(TRACE, loop))
    [line] = (await api.data("/api/traces"))["traces"]
    trace = await api.data(f"/api/traces/{line['trace_id']}")
    assert sum(event["parent_id"] is None for event in trace["events"]) == 1
    assert isinstance(trace["critical_path"], dict)


async def test_3_one_instant_is_a_critical_path(api: Serving) -> None:
    [event] = events_of()[:1]
    await api.keep([event])
    await api.publish_result(analyze_trace(TRACE, [event]))
    path = await api.data(f"/api/traces/{TRACE}/critical-path")
    assert [(step["id"], step["kind"]) for step in path["path"]] == [
        (ROOT, "FunctionCall(process_transfers)")
    ]
    assert (path["total_duration_ms"], path["percentage_of_total"]) == (0.0, 0.0)


async def test_3_there_is_a_path_even_before_the_analysis(api: Serving) -> None:
    await api.keep(events_of())
    path = (await api.data(f"/api/traces/{TRACE}"))["critical_path"]
    assert (path["path_events"], path["path"], path["trace_total_duration_ms"]) == (0, [], 3.0)


async def test_4_parents_are_null_or_among_the_events(api: Serving) -> None:
    root, first, second, _ = events_of()
    await api.keep([root, first, _with_parent(second, ORPHAN)])
    events = {event["id"]: event for event in (await api.data(f"/api/traces/{TRACE}"))["events"]}
    assert events[SECOND]["parent_id"] is None
    assert events[SECOND]["original_parent_id"] == ORPHAN
    assert events[FIRST]["parent_id"] == ROOT
    assert "original_parent_id" not in events[FIRST]


async def test_4_locks_and_clocks_are_the_computed_ones(api: Serving) -> None:
    await api.keep(events_of())
    await api.publish_result(result_of())
    root = (await api.data(f"/api/traces/{TRACE}"))["events"][0]
    assert root["lock_set"] == ["balance_lock"]
    assert root["causality_vector"] == [["transfers#a#main", 1]]


async def test_4_an_event_without_a_note_holds_no_lock(api: Serving) -> None:
    await api.keep(events_of(locked=True))
    before = (await api.data(f"/api/traces/{TRACE}"))["events"][1]["lock_set"]
    await api.publish_result(msgspec.structs.replace(result_of(), event_notes=()))
    after = (await api.data(f"/api/traces/{TRACE}"))["events"][1]["lock_set"]
    assert (before, after) == (["balance_lock"], [])


async def test_4_a_large_trace_has_no_clocks_there_but_in_v1(api: Serving) -> None:
    events = [_at(events_of()[1], number) for number in range(301)]
    notes = tuple(EventNote(event.id, (HeldLock("m", LockMode.SHARED),), ()) for event in events)
    await api.keep(events)
    await api.publish_result(msgspec.structs.replace(result_of(), event_notes=notes))
    shown = (await api.data(f"/api/traces/{TRACE}"))["events"]
    assert {len(event["causality_vector"]) for event in shown} == {0}
    items = (await api.get(f"/api/v1/traces/{TRACE}/events?limit=2"))["events"]
    assert [item["clock"] for item in items] == [[["transfers##worker-1", n]] for n in (1, 2)]
    assert items[0]["lockset"] == [{"id": "m", "mode": "shared"}]


async def test_4_durations_are_integers_or_null(api: Serving) -> None:
    root, first, *_ = events_of()
    timed = _with_metadata(first, duration_ns=2.0 * MS)
    await api.keep([root, timed])
    events = (await api.data(f"/api/traces/{TRACE}"))["events"]
    durations = [event["metadata"]["duration_ns"] for event in events]
    assert durations == [None, 2_000_000]
    assert isinstance(durations[1], int)


async def test_5_the_terminal_finds_its_rows(api: Serving) -> None:
    await api.keep(events_of())
    await api.publish_result(result_of())
    [line] = (await api.data(f"/api/traces/{TRACE}"))["analysis"]["anomalies"]
    assert line.startswith("RACE on balance ")
    whole = await api.data("/api/analyze/global")
    assert whole["anomalies"][0].startswith("RACE on balance ")
    sides = [re.search(r"Event \d: (.{8}) .*Trace (.{8}) ", line) for line in whole["anomalies"][1:]]
    found = [match.groups() for match in sides if match]
    assert found == [(FIRST[:8], TRACE[:8]), (SECOND[:8], TRACE[:8])]


async def test_5_at_most_a_hundred_races_are_detailed(api: Serving) -> None:
    findings = [finding_of(race_example(variable=f"v{n}"), fingerprint=f"f{n:03}") for n in range(101)]
    await api.keep(events_of())
    await api.publish_result(msgspec.structs.replace(result_of(), findings=tuple(findings)))
    whole = await api.data("/api/analyze/global")
    assert (whole["potential_races"], len(whole["race_details"])) == (101, 100)
    assert (await api.data("/races"))["total_races"] == 101


@pytest.mark.parametrize(
    ("page", "page_size", "served"),
    [
        (0, 20, (1, 20)),
        (-3, 20, (1, 20)),
        (1, 0, (1, 1)),
        (1, -1, (1, 1)),
        (1, 10**9, (1, 1000)),
        (10**18, 1000, (2**31, 1000)),
    ],
)
async def test_6_no_page_crashes(
    empty_api: Serving, page: int, page_size: int, served: tuple[int, int]
) -> None:
    shown = await empty_api.data("/api/traces", page=page, page_size=page_size, min_events=-page_size)
    assert (shown["page"], shown["page_size"]) == served


@pytest.mark.parametrize("name", ["page", "page_size", "min_events"])
@pytest.mark.parametrize("text", ["x", "1.5", ""])
async def test_6_a_number_that_is_none_is_named(empty_api: Serving, name: str, text: str) -> None:
    body = await empty_api.get("/api/traces", status=400, parameters={name: text})
    assert body["error"].startswith(f"{name}: ")


async def test_6_the_first_access_misses_no_link(api: Serving) -> None:
    await api.keep(events_of())
    await api.publish_result(result_of())
    first, second = (await api.data(f"/traces/{TRACE}/audit-trail/balance"))["accesses"]
    assert (first["has_causal_link_to_previous"], second["has_causal_link_to_previous"]) == (True, False)


async def test_6_values_that_are_not_known_are_null(api: Serving) -> None:
    await api.keep(events_of())
    await api.publish_result(result_of())
    first, second = (await api.data(f"/traces/{TRACE}/audit-trail/balance"))["accesses"]
    assert (first["old_value"], first["new_value"], second["new_value"]) == (None, 15, None)


@pytest.mark.parametrize(
    "variable",
    [
        "accounts['alice']",
        'accounts["a b"]',
        "a/b//c",
        "/rooted",
        "50%",
        "50%25",
        "x?y=z#w",
        "ключ",
        "a+b",
        "..",
        "trailing/",
        " ",
    ],
)
async def test_6_a_variable_may_be_called_anything(api: Serving, variable: str) -> None:
    result = result_of()
    trail = AuditTrail(variable, "global", result.audit_trails[0].entries)
    await api.keep(events_of())
    await api.publish_result(msgspec.structs.replace(result, audit_trails=(trail,)))
    encoded = "".join(f"%{byte:02X}" for byte in variable.encode())
    for path in (f"/traces/{TRACE}", f"/api/traces/{TRACE}"):
        shown = await api.data(f"{path}/audit-trail/{encoded}")
        assert (shown["variable"], len(shown["accesses"])) == (variable, 2)
    assert len((await api.get(f"/api/v1/traces/{TRACE}/audit-trail/{encoded}"))["trails"]) == 1


async def test_6_an_unknown_variable_is_an_empty_list(filled_api: Serving) -> None:
    assert (await filled_api.data(f"/api/traces/{TRACE}/audit-trail/nothing"))["accesses"] == []


@pytest.mark.parametrize("rest", ["", "/critical-path", "/audit-trail/x", "/events"])
@pytest.mark.parametrize(("trace", "status"), [("not-a-uuid", 400), ("%00", 400), (UNKNOWN_TRACE, 404)])
async def test_a_trace_id_is_a_uuid_that_is_known(
    empty_api: Serving, trace: str, status: int, rest: str
) -> None:
    prefix = "" if rest == "/events" else "/api"
    body = await empty_api.get(f"{prefix}/traces/{trace}{rest}", status=status)
    assert (body["success"], body["data"]) == (False, None)
    assert (await empty_api.get(f"/api/v1/traces/{trace}{rest}", status=status))["status"] == status


@pytest.mark.parametrize("spelling", [TRACE.upper(), TRACE.replace("-", ""), f"{{{TRACE}}}"])
async def test_a_trace_id_may_be_spelled_in_any_way(filled_api: Serving, spelling: str) -> None:
    assert (await filled_api.data(f"/api/traces/{spelling}"))["trace_id"] == TRACE


async def test_7_pages_of_the_original_answer_json(filled_api: Serving) -> None:
    answer = await filled_api.client.get(f"/traces/{TRACE}", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"


async def test_9_a_child_stands_behind_its_parent_whatever_the_clock_says(api: Serving) -> None:
    root, first, second, last = events_of()
    early = _at(_with_parent(second, first.id), 0, event_id=second.id)
    await api.keep([last, early, first, root])
    ids = [event["id"] for event in (await api.data(f"/traces/{TRACE}/events"))["events"]]
    assert ids == [ROOT, FIRST, SECOND, LAST]


def _with_parent(event: Event, parent: EventId) -> Event:
    return msgspec.structs.replace(event, parent_id=parent)


def _with_metadata(event: Event, **changes: Any) -> Event:
    metadata: Metadata = msgspec.structs.replace(event.metadata, **changes)
    return msgspec.structs.replace(event, metadata=metadata)


def _located(event: Event, location: str) -> Event:
    if not isinstance(event.payload, StateChange):
        return event
    return msgspec.structs.replace(
        event, kind=kind_of(msgspec.structs.replace(event.payload, location=location))
    )


def _at(event: Event, number: int, *, event_id: EventId | None = None) -> Event:
    change = event.payload
    assert isinstance(change, StateChange)
    return msgspec.structs.replace(
        event,
        id=event_id or EventId(f"00000000-0000-4000-8000-{number:012}"),
        timestamp=events_of()[0].time_ns + number,
        kind=kind_of(change),
    )
