"""`/api/v1`: plain JSON, exact times, cursors, filters, problem details, ETags."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from tests.e2e.worked_example import FIRST, LAST, ROOT, SECOND
from tests.unit.api.serving import Serving
from tests.unit.api.stories import TRACE, events_of, finding_of, race_example, result_of

from raceway_api.v1.event import EventList
from raceway_api.v1.race import FindingList
from raceway_api.v1.trace import AuditTrails, CriticalPaths, TraceItem, TraceList, TraceRaces
from raceway_core.event import EventId, TraceId
from raceway_core.finding import Finding, FindingKind, PairCounts, Verdict
from raceway_core.finding_view import FindingView

pytestmark = pytest.mark.anyio

ROUTES: dict[str, type[msgspec.Struct]] = {
    "/api/v1/traces": TraceList,
    f"/api/v1/traces/{TRACE}": TraceItem,
    f"/api/v1/traces/{TRACE}/events": EventList,
    f"/api/v1/traces/{TRACE}/races": TraceRaces,
    f"/api/v1/traces/{TRACE}/critical-path": CriticalPaths,
    f"/api/v1/traces/{TRACE}/audit-trail/balance": AuditTrails,
    "/api/v1/races": FindingList,
    "/api/v1/races/f1": FindingView,
}


@pytest.mark.parametrize(("path", "view"), ROUTES.items())
async def test_routes_answer_what_is_documented(
    filled_api: Serving, path: str, view: type[msgspec.Struct]
) -> None:
    answer = await filled_api.client.get(path)
    assert answer.headers["content-type"] == "application/json"
    decoded = msgspec.json.decode(answer.content, type=view)
    assert msgspec.json.encode(decoded) == answer.content


@pytest.mark.parametrize("path", ROUTES)
async def test_a_client_that_has_the_answer_gets_nothing(filled_api: Serving, path: str) -> None:
    etag = (await filled_api.client.get(path)).headers["etag"]
    again = await filled_api.client.get(path, headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    changed = await filled_api.client.get(path, headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200


async def test_times_are_exact(filled_api: Serving) -> None:
    trace = await filled_api.get(f"/api/v1/traces/{TRACE}")
    assert trace["first_timestamp"] == "2026-11-24T06:00:00.000000000Z"
    assert (trace["first_ns"], trace["last_ns"]) == ("1795500000000000000", "1795500000003000000")
    [long, _] = (await filled_api.get(f"/api/v1/traces/{TRACE}/critical-path"))["paths"]
    assert (long["duration_ns"], long["segments"][0]["end_ns"]) == ("3000000", "1795500000003000000")
    event = (await filled_api.get(f"/api/v1/traces/{TRACE}/events"))["events"][1]
    assert event["time_ns"] == "1795500000001000000"


async def test_a_finding_has_all_of_its_evidence(filled_api: Serving) -> None:
    [finding] = (await filled_api.get("/api/v1/races"))["races"]
    assert (finding["variable"], finding["verdict"], finding["severity"]) == (
        "balance",
        "possible",
        "critical",
    )
    assert finding["pairs_by_verdict"]["possible"] == 1
    assert (finding["traces"], finding["trace_ids"]) == (1, [TRACE])
    [example] = finding["examples"]
    assert example["events"] == [FIRST, SECOND]
    assert (example["ancestor"]["event_id"], example["ancestor"]["what"]) == (
        ROOT,
        "call of process_transfers",
    )
    assert example["first"]["lockset"] == [{"id": "audit_lock", "mode": "exclusive"}]
    assert example["first"]["clock"] == [["transfers##main", 1]]
    assert (example["first"]["old_value"], example["first"]["new_value"]) == (None, 15)


async def test_pages_of_traces_follow_each_other(api: Serving) -> None:
    ids = sorted(TraceId(str(uuid4())) for _ in range(5))
    for trace_id in ids:
        await api.keep(events_of(trace_id))
        await api.publish_result(result_of(trace_id))
    seen = await _all_pages(api, "/api/v1/traces", "traces", limit=2)
    assert [trace["trace_id"] for trace in seen] == ids[::-1]


async def test_pages_of_events_follow_each_other_while_events_arrive(api: Serving) -> None:
    root, *others = events_of()
    await api.keep(others)
    first = await api.get(f"/api/v1/traces/{TRACE}/events", parameters={"limit": 1})
    assert ([event["id"] for event in first["events"]], first["total"]) == ([FIRST], 3)
    await api.keep([root])
    parameters = {"limit": 5, "cursor": first["next_cursor"]}
    second = await api.get(f"/api/v1/traces/{TRACE}/events", parameters=parameters)
    assert [event["id"] for event in second["events"]] == [SECOND, LAST]
    assert (second["total"], second["next_cursor"]) == (4, None)


async def test_an_event_whose_parent_never_came_says_so(api: Serving) -> None:
    orphan = msgspec.structs.replace(events_of()[1], parent_id=EventId(ROOT))
    await api.keep([orphan])
    [event] = (await api.get(f"/api/v1/traces/{TRACE}/events"))["events"]
    assert (event["parent_id"], event["parent_is_known"], event["lockset"]) == (ROOT, False, None)


async def test_findings_are_filtered_and_paged(api: Serving) -> None:
    await _publish_findings(api)
    assert await _fingerprints(api) == ["proven", "y1", "y2", "y3"]
    assert await _fingerprints(api, all="true") == ["proven", "noise", "y1", "y2", "y3"]
    assert await _fingerprints(api, kind="lost-update") == ["proven"]
    assert await _fingerprints(api, kind="race", verdict="possible", limit=2) == ["y1", "y2", "y3"]
    assert await _fingerprints(api, variable="y2") == ["y2"]
    assert await _fingerprints(api, verdict="order-dependent") == []


async def test_findings_are_those_since_a_time(api: Serving) -> None:
    await _publish_findings(api)
    last = "2026-11-24T06:00:00.002Z"
    assert await _fingerprints(api, since=last) == ["proven", "y1", "y2", "y3"]
    assert await _fingerprints(api, since=last, verdict="possible", limit=2) == ["y1", "y2", "y3"]
    assert await _fingerprints(api, since="1795500000002000001", all="true") == []
    problem = await api.get("/api/v1/races", status=400, parameters={"since": "yesterday"})
    assert problem["detail"].startswith("since: expected an RFC 3339 time")


async def test_a_finding_is_found_by_a_name_that_it_absorbed(api: Serving) -> None:
    await _publish_findings(api)
    assert (await api.get("/api/v1/races/absorbed"))["fingerprint"] == "proven"
    assert "unheard-of" in (await api.get("/api/v1/races/unheard-of", status=404))["detail"]


async def test_a_list_changes_with_what_is_stored(api: Serving) -> None:
    await api.keep(events_of())
    before = await api.get("/api/v1/races")
    await api.publish_result(result_of())
    after = await api.get("/api/v1/races")
    assert (len(before["races"]), len(after["races"])) == (0, 1)
    assert after["version"] > before["version"]


HOSTILE_CURSORS = {
    "no base64": "***",
    "not ascii": "é",
    "no msgpack": "AAAA",
    "another type": urlsafe_b64encode(msgspec.msgpack.encode([1, 2, 3])).decode(),
    "too few parts": urlsafe_b64encode(msgspec.msgpack.encode([1])).decode(),
    "a large number": urlsafe_b64encode(msgspec.msgpack.encode([2**64 - 1, TRACE])).decode(),
    "a NUL": urlsafe_b64encode(msgspec.msgpack.encode([0, "\x00"])).decode(),
    "nesting": urlsafe_b64encode(b"\x91" * 300).decode(),
    "very long": "A" * 10_000,
}


@pytest.mark.parametrize("cursor", HOSTILE_CURSORS.values(), ids=HOSTILE_CURSORS)
@pytest.mark.parametrize("path", ["/api/v1/traces", f"/api/v1/traces/{TRACE}/events", "/api/v1/races"])
async def test_a_cursor_that_nobody_gave_out_is_refused(filled_api: Serving, path: str, cursor: str) -> None:
    problem = await filled_api.get(path, status=400, parameters={"cursor": cursor})
    assert problem["detail"].startswith("cursor: ")


async def test_a_cursor_of_traces_names_a_trace(filled_api: Serving) -> None:
    cursor = urlsafe_b64encode(msgspec.msgpack.encode([0, "' or 1=1 --"])).decode()
    problem = await filled_api.get("/api/v1/traces", status=400, parameters={"cursor": cursor})
    assert problem["detail"].startswith("a trace id is a UUID")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("limit", "0"),
        ("limit", "1001"),
        ("limit", "many"),
        ("kind", "rumour"),
        ("verdict", "PROVEN"),
        ("all", "perhaps"),
        ("variable", "\x00"),
    ],
)
async def test_a_wrong_parameter_is_named(filled_api: Serving, parameter: str, value: str) -> None:
    problem = await filled_api.get("/api/v1/races", status=400, parameters={parameter: value})
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert problem["detail"].startswith(f"{parameter}: ")


async def test_service_and_race_filters_reach_the_store(api: Serving) -> None:
    other = TraceId(str(uuid4()))
    await api.keep(events_of())
    await api.keep(events_of(other))
    await api.publish_result(result_of())
    await api.publish_result(result_of(other, raced=False))
    assert [
        trace["trace_id"] for trace in await _all_pages(api, "/api/v1/traces", "traces", has_race="true")
    ] == [TRACE]
    assert len(await _all_pages(api, "/api/v1/traces", "traces", service="ledger")) == 2
    assert await _all_pages(api, "/api/v1/traces", "traces", service="nobody") == []
    assert await _all_pages(api, "/api/v1/traces", "traces", min_events=5) == []


async def _all_pages(api: Serving, path: str, key: str, **parameters: str | int) -> list[dict[str, Any]]:
    items = []
    cursor: str | None = ""
    while cursor is not None:
        page = await api.get(path, parameters=parameters | ({"cursor": cursor} if cursor else {}))
        items.extend(page[key])
        cursor = page["next_cursor"]
    return items


async def _fingerprints(api: Serving, **parameters: str | int) -> list[str]:
    return [
        finding["fingerprint"] for finding in await _all_pages(api, "/api/v1/races", "races", **parameters)
    ]


async def _publish_findings(api: Serving) -> None:
    findings = [finding_of(race_example(variable=name), fingerprint=name) for name in ("y1", "y2", "y3")]
    findings.append(finding_of(race_example(variable="z"), fingerprint="noise", across_traces=True))
    findings.append(_proven())
    await api.keep(events_of())
    await api.publish_result(msgspec.structs.replace(result_of(), findings=tuple(findings)))


def _proven() -> Finding:
    example = msgspec.structs.replace(race_example(), verdict=Verdict.PROVEN)
    return msgspec.structs.replace(
        finding_of(example, fingerprint="proven"),
        kind=FindingKind.LOST_UPDATE,
        pairs_by_verdict=PairCounts(proven=1),
        aliases=("absorbed",),
    )
