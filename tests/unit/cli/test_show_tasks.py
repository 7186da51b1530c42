"""Tasks of one thread as a person reads them: in findings, in sentences, in the tables of audit trails."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.unit.cli.reading import analyze
from tests.unit.core.build import Story

from raceway_api.original.audit import view_accesses
from raceway_api.original.race import view_race
from raceway_api.v1.trace import AuditTrailItem, AuditTrails
from raceway_api.v1.trail import TrailItem, TrailView
from raceway_cli.show.trace import print_audit
from raceway_cli.show.trail import print_trail
from raceway_core.across.trail import Place, TrailPart, trail_of
from raceway_core.analysis import analyze_trace
from raceway_core.event import TraceId
from raceway_core.finding_view import view_access
from raceway_core.result import TraceResult
from raceway_core.time import LAST_NS

TASKS = ("request-1", "request-2")


def requests(*tasks: str) -> list[Story]:
    """Return requests of one event loop that lose an update, a trace each."""
    stories = [
        Story(f"{number}", on="loop", task=task, service="bank", at=float(number))
        for number, task in enumerate(tasks)
    ]
    for story in stories:
        story.read("balance", 100, version=1, place="bank.py:14")
    for version, story in enumerate(stories, 2):
        story.write("balance", 90, old=100, version=version, place="bank.py:16")
    return stories


def result() -> TraceResult:
    """Return what is found in one trace of two tasks."""
    story = Story("t1", on="loop", service="bank")
    for task in TASKS:
        story.write("balance", 1, task=task, place="bank.py:16")
    return analyze_trace(story.trace_id, story.events)


def lines_of(*stories: Story) -> str:
    return b"\n".join(msgspec.json.encode(event) for story in stories for event in story.events).decode()


def test_a_finding_names_thread_and_task() -> None:
    lines = analyze("-", given=lines_of(*requests(*TASKS))).stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("    write  balance"))
    assert lines[place + 1 : place + 3] == [
        "    thread        loop of bank, process 1",
        "    task          request-1",
    ]
    (missing,) = (line for line in lines if line.startswith("    missing"))
    assert "the write at bank.py:16 (request-2), so the write at bank.py:16 (request-1) came" in missing


@pytest.mark.parametrize("task", ["", "loop"])
def test_a_task_is_not_shown_where_it_says_nothing(task: str) -> None:
    shown = analyze("-", given=lines_of(*requests(task, task))).stdout
    assert "    thread        loop of bank" in shown
    assert "    task  " not in shown
    assert "(loop of trace 0) came between" in shown


def test_json_and_sarif_name_the_task() -> None:
    given = lines_of(*requests(*TASKS))
    (example,) = json.loads(analyze("-", "--json", given=given).stdout)["findings"][0]["examples"]
    assert [(example[side]["thread_id"], example[side]["task"]) for side in ("first", "second")] == [
        ("loop", "request-1"),
        ("loop", "request-2"),
    ]
    (run,) = json.loads(analyze("-", "--sarif", "-", given=given).stdout)["runs"]
    related = [place["message"]["text"] for place in run["results"][0]["relatedLocations"]]
    assert "write of balance by request-1" in related


def test_a_race_in_the_shape_of_the_original_tells_them_apart() -> None:
    (example,) = result().races
    assert view_race(example).description.startswith(
        "Write by request-1 at bank.py:16 and Write by request-2 at bank.py:16 are not ordered"
    )


def test_an_audit_trail_has_a_column_of_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    (trail,) = result().audit_trails
    item = AuditTrailItem(variable="balance", scope=trail.scope, accesses=view_accesses(trail))
    print_audit(AuditTrails(trace_id=TraceId("t1"), as_of=1, version=1, variable="balance", trails=[item]))
    _, header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[4:7] == ["thread", "task", "at"]
    assert [row.split()[5:7] for row in rows] == [["loop", task] for task in TASKS]


@pytest.mark.parametrize("task", ["request-1", ""])
def test_a_trail_across_traces_has_it_where_tasks_are_known(
    task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    windows = [
        (story.trace_id, analyze_trace(story.trace_id, story.events).windows[0])
        for story in requests(task, task)
    ]
    page = trail_of(windows, TrailPart(Place(0, TraceId(""), 0), LAST_NS, 10))
    items = [
        TrailItem(
            access=view_access(entry.access),
            linked=entry.linked,
            edge=entry.edge,
            is_race=entry.is_race,
            follows=entry.follows,
        )
        for entry in page.entries
    ]
    print_trail(
        TrailView(
            variable="balance", scope="global", scopes=[], accesses=items, is_cut=False, next_cursor=None
        )
    )
    lines = capsys.readouterr().out.splitlines()
    assert ("task" in lines[1].split()) is bool(task)
    assert sum("request-1" in line for line in lines) == (4 if task else 0)
