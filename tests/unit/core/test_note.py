"""Notes of a report: every kind that an analysis can note, summed over traces and explained."""

from __future__ import annotations

from tests.unit.core.build import Story
from tests.unit.core.renaming import report

from raceway_core.analysis import analyze_trace
from raceway_core.event import TraceId
from raceway_core.lockset import MOST_HELD
from raceway_core.note import MEANINGS, notes_of


def test_what_was_odd_is_counted_by_trace_and_explained() -> None:
    stories = [Story(name) for name in ("a", "b")]
    for story in stories:
        story.call("main", parent=Story().call("gone", id="gone"))
    stories[1].call("main", parent=Story().call("gone", id="gone too"))
    notes = report([event for story in stories for event in story.events])["notes"]
    assert notes == [
        {"kind": "missing_parent", "count": 3, "traces": 2, "meaning": MEANINGS["missing_parent"]}
    ]


def test_what_was_cut_is_noted() -> None:
    story = Story()
    for number in range(MOST_HELD + 2):
        story.acquire(f"l{number}")
    result = analyze_trace(TraceId("trace"), story.events)
    (note,) = notes_of([result.summary])
    assert (note.kind, note.count, note.traces) == ("locksets_cut", 2, 1)
    assert note.meaning


def test_a_trace_of_which_all_is_there_has_no_notes() -> None:
    story = Story()
    story.call("main")
    assert report(story.events)["notes"] == []
