"""Windows that follow one another in turns, against the findings that comparing them makes."""

from __future__ import annotations

from itertools import chain, groupby

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from tests.unit.core.build import Story
from tests.unit.core.crowd import VARIABLE, crowds, said, spans_in, turns, windows_of

from raceway_core.event import Scope
from raceway_core.run import find_across_traces
from raceway_core.turn import NO_TURN, PackedTurn, follow


def _as_they_come(turns: list[PackedTurn]) -> PackedTurn:
    """Return what is known of a run when its windows come one after the other."""
    joined = turns[0]
    for turn in turns[1:]:
        joined = follow([joined, turn])
    return joined


@given(st.one_of(turns(), turns(), crowds()))
def test_there_is_nothing_to_find_among_those_that_follow(stories: list[Story]) -> None:
    windows = sorted(windows_of(stories), key=lambda item: item[1].scope)
    variables = [list(group) for _, group in groupby(windows, key=lambda item: item[1].scope)]
    for span, touching in chain.from_iterable(spans_in(variable).items() for variable in variables):
        found = find_across_traces(span, touching)
        of_all = follow([window.turn for _, window in touching])
        in_parts = _as_they_come([window.turn for _, window in touching])
        event(f"follow: {bool(of_all)}")
        assert not (of_all and found)
        assert not (in_parts and found)
        assert of_all or not in_parts


@pytest.mark.parametrize(
    ("traces", "follows"),
    [
        (["0 lock read write unlock", "10 lock read write unlock"], True),
        (["0 lock read write unlock", "1 lock read write unlock"], False),
        (["0 read write", "10 read write"], False),
        (["0 lock read write unlock", "10 read write"], False),
        (["0 lock read write unlock", "10 lock read unlock", "20 lock read write unlock"], True),
        (["0 lock read read unlock", "1 lock read unlock", "20 lock read write unlock"], False),
        (["0 read", "0.5 read", "1 lock read unlock"], True),
        (["0 read", "10 lock read write unlock"], False),
        (["0 lock:shared read unlock:shared", "10 lock read write unlock"], True),
        (["0 lock:shared read write unlock:shared", "10 lock read write unlock"], False),
        (["0 lock read:0 write:1 unlock", "10 lock read:1 write:2 unlock"], True),
        (["0 lock read:0 write:1 unlock", "10 lock read:0 write:1 unlock"], False),
        (["0 lock read:0 write:1 unlock", "10 lock read:0 write:2 unlock"], False),
        (["0 lock read:1 write:1 unlock", "10 lock read:1 write:2 unlock"], False),
        (["0 lock read:0 write:1 unlock", "10 lock read write unlock"], False),
        (["0 lock read write:1 unlock", "10 lock read write:2 unlock"], False),
    ],
)
def test_follows(traces: list[str], *, follows: bool) -> None:
    turns = [window.turn for _, window in windows_of([said(words) for words in traces])]
    assert bool(follow(turns)) is follows
    assert bool(follow(turns[::-1])) is follows


def test_a_late_window_follows_where_there_is_room() -> None:
    first, second, third = (
        window.turn for _, window in windows_of([said(f"{at} lock read write unlock") for at in (0, 10, 20)])
    )
    assert follow([follow([second, third]), first])
    assert not follow([follow([first, third]), second])
    assert follow([first, third, second])


def test_another_process_does_not_follow_without_versions() -> None:
    stories = []
    for number in range(2):
        story = Story(f"t{number}", instance=f"i{number}", scope=Scope.SERVICE, at=10.0 * number)
        story.acquire("l", scope=Scope.SERVICE)
        story.read(VARIABLE, 1)
        story.write(VARIABLE, 2)
        story.release("l", scope=Scope.SERVICE)
        stories.append(story)
    windows = windows_of(stories)
    assert all(window.turn for _, window in windows)
    assert follow([window.turn for _, window in windows]) == NO_TURN
