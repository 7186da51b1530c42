"""Audit trails: order, links and by what, races of both partners, values that do not follow."""

from __future__ import annotations

from tests.unit.core.build import Said, Story

from raceway_core.analysis import analyze_trace
from raceway_core.result import AuditEntry


def trail(story: Story, variable: str = "x") -> list[AuditEntry]:
    trails = analyze_trace(story.trace_id, story.events).audit_trails
    return [entry for one in trails if one.variable == variable for entry in one.entries]


def test_the_first_access_is_linked_by_nothing() -> None:
    story = Story()
    story.write("x", 1)
    (entry,) = trail(story)
    assert (entry.linked, entry.edge, entry.follows, entry.is_race) == (True, "", True, False)


def test_accesses_of_one_task_are_linked_by_program_order() -> None:
    story = Story()
    story.write("x", 1)
    story.read("x", 1)
    assert [entry.edge for entry in trail(story)] == ["", "program order"]


def test_a_link_names_the_edge_through_which_the_task_learned_of_the_other() -> None:
    story = Story()
    root = story.call(on="main", task="main")
    story.write("x", 1, on="main", task="main", parent=root)
    story.spawn("child", on="main", task="main", parent=root)
    story.write("x", 2, on="child", task="child")
    story.send("m", on="child", task="child")
    story.receive("m", on="other", task="other")
    story.call(on="other", task="other")
    story.write("x", 3, on="other", task="other")
    story.join("other", on="main", task="main", parent=root)
    story.write("x", 4, on="main", task="main", parent=root)
    entries = trail(story)
    assert [entry.edge for entry in entries] == ["", "spawn", "message", "await"]
    assert all(entry.linked for entry in entries)
    assert not any(entry.is_race for entry in entries)


def test_both_partners_of_a_race_are_marked() -> None:
    story = Story()
    root = story.call()
    story.write("x", 1, parent=root)
    for thread in ("w1", "w2"):
        story.write("x", 2, on=thread, parent=story.call(parent=root))
    first, *others = trail(story)
    assert not first.is_race
    assert [entry.is_race for entry in others] == [True, True]
    assert [entry.edge for entry in others] == ["parent", "concurrent"]


def test_a_guarded_pair_is_concurrent_but_no_race() -> None:
    story = Story()
    root = story.call()
    for thread in ("w1", "w2"):
        story.write("x", 1, on=thread, parent=root, locks=("l",))
    assert [(entry.edge, entry.is_race) for entry in trail(story)] == [("", False), ("concurrent", False)]


def test_a_value_that_does_not_come_from_the_write_before_is_marked() -> None:
    story = Story()
    story.write("x", 1)
    story.read("x", 1)
    story.read("x", 7)
    story.write("x", 2, old=7)  # a plain write's old value is shown, never taken for a read
    story.update("x", 5, old=3)
    story.read("x")
    story.read("x", 5)
    assert [entry.follows for entry in trail(story)] == [True, True, False, True, False, True, True]


def test_an_unknown_write_contradicts_no_read() -> None:
    story = Story()
    story.write("x", 1)
    story.write("x")
    story.read("x", 7)
    assert all(entry.follows for entry in trail(story))


def test_null_is_a_value() -> None:
    story = Story()
    story.write("x", None)
    story.read("x", 1)
    assert [entry.follows for entry in trail(story)] == [True, False]


def test_entries_show_what_was_sent() -> None:
    story = Story(service="bank")
    said = Said(on="worker", place="bank.py:41 transfer")
    event = story.write("x", {"a": 1}, old=None, **said)
    (entry,) = trail(story)
    assert (entry.event_id, entry.thread_id, entry.service) == (event.id, "worker", "bank")
    assert (entry.old_value, entry.new_value, entry.location) == (None, {"a": 1}, "bank.py:41 transfer")
    assert entry.time_ns == event.time_ns
