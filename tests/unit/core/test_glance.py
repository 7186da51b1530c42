"""What a glance at a run rules out, against all pairs looked at one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import NOON_NS, Story
from tests.unit.core.crowd import VARIABLE, Windows, crowds, runs_of, said, turns, windows_of

from raceway_core.access import Variable
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.glance import cannot_lose, cannot_race
from raceway_core.across.lost_update import run_lost_updates
from raceway_core.across.race import race_tallies
from raceway_core.event import Scope
from raceway_core.finding import FindingKind
from raceway_core.run import find_across_traces
from raceway_core.span import SPAN_NS


def run_of(windows: Windows) -> RunAccesses:
    return RunAccesses(dict(windows), dict(windows).keys())


@given(st.one_of(turns(), turns(), crowds()))
def test_what_is_ruled_out_is_not_there(stories: list[Story]) -> None:
    for windows in runs_of(windows_of(stories)):
        run, variable = run_of(windows), Variable(VARIABLE, windows[0][1].scope)
        if cannot_lose(run):
            assert run_lost_updates(run, variable) == []
        if cannot_race(run):
            assert race_tallies(run, variable, ()) == []


@pytest.mark.parametrize(
    ("traces", "ruled_out"),
    [
        (["0 read read", "1 read read"], "race lose"),
        (["0 read write", "10 read write"], "lose"),
        (["0 read write", "1 read write"], ""),
        (["0 lock read write unlock", "10 lock read write unlock"], "race lose"),
        (["0 lock read unlock lock write unlock", "2 lock read write unlock"], "race"),
        (["0 lock:shared read unlock:shared", "10 lock read write unlock"], "race lose"),
        (["0 lock:shared read write unlock:shared", "10 lock read write unlock"], "lose"),
        (["0 read", "10 lock read write unlock"], "lose"),
        (["0 read:0 write:1", "1 read:1 write:2"], "lose"),
        (["0 read:0 write:1", "10 read:0 write:2"], ""),
        (["0 read:0 write:1", "10 read:1 write:1"], ""),
        (["0 read:0 write:1", "10 read write:2"], ""),
    ],
)
def test_rules_out(traces: list[str], ruled_out: str) -> None:
    run = run_of(windows_of([said(words) for words in traces]))
    answers = {"race": cannot_race(run), "lose": cannot_lose(run)}
    assert " ".join(name for name, answer in answers.items() if answer) == ruled_out


def test_two_processes_that_took_turns_may_both_have_started_from_one_write() -> None:
    stories = []
    for instance, begin, read, written in (("i1", 0, 0, 7), ("i2", 10, 7, 8), ("i3", 11.5, 7, 9)):
        story = Story(instance, instance=instance, host="h", scope=Scope.SERVICE)
        story.read(VARIABLE, read, at=begin)
        story.write(VARIABLE, written, at=begin + 1)
        stories.append(story)
    windows = windows_of(stories)
    assert not cannot_lose(run_of(windows))
    (found,) = find_across_traces(NOON_NS // SPAN_NS, windows)
    assert (found.kind, found.trace_ids) == (FindingKind.LOST_UPDATE, ("i2", "i3"))
