"""Audit trails across traces, against the trail of each trace and against trying each two accesses."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.build import MS, NOON_NS, Story
from tests.unit.core.crowd import VARIABLE, Windows, crowds, turns, windows_of

from raceway_core.access import Access, transaction_key
from raceway_core.across.accesses import unordered
from raceway_core.across.handover import is_handed_over
from raceway_core.across.trail import Place, TrailEntry, TrailPage, TrailPart, trail_of
from raceway_core.across.trail_order import in_order
from raceway_core.across.window import Opened
from raceway_core.analysis import analyze_trace
from raceway_core.counting.reach import overlaps_in
from raceway_core.event import LockMode, Scope, TraceId
from raceway_core.finding import Verdict
from raceway_core.race import verdict_of

START = Place(0, TraceId(""), 0)
END_NS = 2**63 - 1
Names = list[tuple[TraceId, int]]


def whole(windows: Windows) -> list[TrailEntry]:
    return list(trail_of(windows, TrailPart(START, END_NS, 10**9)).entries)


def one_scope(windows: Windows) -> Windows:
    """Return the windows of the first scope key among windows of one name."""
    scope = min(window.scope for _, window in windows)
    return [(trace, window) for trace, window in windows if window.scope == scope]


histories = (crowds() | turns()).map(windows_of).filter(bool).map(one_scope)


def names_of(entries: list[TrailEntry]) -> list[tuple[str, str]]:
    return [(entry.access.trace_id, entry.access.event_id) for entry in entries]


@settings(deadline=None)
@given(crowds())
def test_the_trail_of_one_trace_is_its_own(stories: list[Story]) -> None:
    for story in stories:
        result = analyze_trace(story.trace_id, story.events)
        for window, trail in zip(result.windows, result.audit_trails, strict=True):
            entries = whole([(story.trace_id, window)])
            shown = [(one.access.event_id, one.linked, one.is_race, one.follows) for one in entries]
            assert shown == [(one.event_id, one.linked, one.is_race, one.follows) for one in trail.entries]
            for mine, theirs in zip(entries, trail.entries, strict=True):
                assert mine.edge in {theirs.edge, "happens before"}
                assert (mine.access.old_value, mine.access.new_value) == (theirs.old_value, theirs.new_value)


def order_by_definition(names: Names, opened: dict[TraceId, Opened]) -> Names:
    """Return the order by asking each access that is next in its trace about each that is to come."""

    def waits(name: tuple[TraceId, int], left: Names) -> bool:
        (trace, number), access = name, opened[name[0]].accesses[name[1]]
        return any(
            is_handed_over(
                opened[other].story(place),
                opened[trace].story(number),
                one_process=access.process.is_known
                and opened[other].accesses[place].process == access.process,
            )
            for other, place in left
        )

    left, order = list(names), Names()
    while left:
        heads = [name for number, name in enumerate(left) if name[0] not in {one[0] for one in left[:number]}]
        chosen = next((name for name in heads if not waits(name, left)), left[0])
        order.append(chosen)
        left.remove(chosen)
    return order


@settings(deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_accesses_stand_in_the_order_of_the_definition(windows: Windows, randomness: object) -> None:
    opened = {trace: Opened(trace, window) for trace, window in windows}
    names = [(trace, number) for trace, one in opened.items() for number in range(len(one.accesses))]
    randomness.shuffle(names)  # type: ignore[attr-defined]  # Hypothesis types it as a random.Random
    rows = {trace: iter(range(len(one.accesses))) for trace, one in opened.items()}
    shuffled = [(trace, next(rows[trace])) for trace, _ in names]
    assert in_order(shuffled, opened) == order_by_definition(shuffled, opened)


@settings(deadline=None)
@given(histories)
def test_both_partners_of_an_observed_pair_are_marked(windows: Windows) -> None:
    opened = {trace: Opened(trace, window) for trace, window in windows}
    accesses = [access for one in opened.values() for access in one.accesses]
    overlaps = overlaps_in(accesses)
    racing = {
        (trace, access.event_id)
        for trace, one in opened.items()
        for access in one.accesses
        if one.is_racing(access.number)
    }

    def locks(first: Access, second: Access) -> bool:
        mine, theirs = (opened[one.trace_id].story(one.number) for one in (first, second))
        one_process = first.process == second.process and first.process.is_known
        return is_handed_over(mine, theirs, one_process=one_process)

    for first, second in product(accesses, accesses):
        verdict = verdict_of(first, second, c=unordered, h=locks, overlaps=overlaps)
        if first.trace_id != second.trace_id and verdict is Verdict.OBSERVED:
            racing |= {(one.trace_id, one.event_id) for one in (first, second)}
    marked = {(one.access.trace_id, one.access.event_id) for one in whole(windows) if one.is_race}
    assert marked == racing


@settings(deadline=None)
@given(histories, st.integers(1, 5))
def test_pages_are_the_whole_trail(windows: Windows, limit: int) -> None:
    everything = whole(windows)
    pages: list[TrailPage] = []
    part = TrailPart(START, END_NS, limit)
    while True:
        reaching = [item for item in windows if item[1].last_ns >= part.after.time_ns]
        pages.append(trail_of(reaching, part))
        if not pages[-1].has_more:
            break
        part = TrailPart(pages[-1].last, END_NS, limit, pages[-1].written)
    told = [entry for page in pages for entry in page.entries]
    assert all(len(page.entries) == limit for page in pages[:-1])
    assert sorted(names_of(told)) == sorted(names_of(everything))
    if names_of(told) == names_of(everything):
        assert [entry.follows for entry in told] == [entry.follows for entry in everything]


@settings(deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_windows_does_not_matter(windows: Windows, randomness: object) -> None:
    again = list(windows)
    randomness.shuffle(again)  # type: ignore[attr-defined]  # Hypothesis types it as a random.Random
    assert whole(again) == whole(windows)


def test_a_lost_update_is_seen_as_concurrent_accesses_that_do_not_follow() -> None:
    first, second = Story("t1"), Story("t2")
    first.read(VARIABLE, 100, at=1)
    second.read(VARIABLE, 100, at=2)
    first.write(VARIABLE, 90, at=3)
    second.write(VARIABLE, 80, at=4)
    second.read(VARIABLE, 90, at=5)
    entries = whole(windows_of([second, first]))
    assert [entry.access.trace_id for entry in entries] == ["t1", "t2", "t1", "t2", "t2"]
    assert [entry.edge for entry in entries] == [
        "",
        "concurrent",
        "concurrent",
        "concurrent",
        "program order",
    ]
    assert [entry.is_race for entry in entries] == [True] * 5
    assert [entry.follows for entry in entries] == [True, True, True, True, False]


@pytest.mark.parametrize(("second_at", "host", "edge"), [(8, "h", "lock"), (30, "other", "concurrent")])
def test_what_was_handed_a_lock_says_so(second_at: int, host: str, edge: str) -> None:
    stories = [
        Story("t1", at=0, host="h"),
        Story("t2", at=second_at, host=host, instance="i1" if host == "h" else "i2"),
    ]
    for story in stories:
        story.acquire("l", scope=Scope.PROCESS)
        story.update(VARIABLE, 1, scope=Scope.GLOBAL)
        story.release("l", scope=Scope.PROCESS)
    entries = whole(windows_of(stories))
    assert [(entry.edge, entry.linked) for entry in entries] == [("", True), (edge, edge == "lock")]


def test_what_one_clock_tells_apart_is_ordered_by_time_and_not_linked() -> None:
    stories = [Story("t1", at=0), Story("t2", at=5)]
    for story in stories:
        story.write(VARIABLE, 1)
    assert [(one.edge, one.linked) for one in whole(windows_of(stories))] == [("", True), ("time", False)]


def test_grants_outrank_the_clocks_of_two_hosts() -> None:
    ahead, behind = Story("t1", at=50, host="a", instance="a"), Story("t2", at=0, host="b", instance="b")
    for grant, story in ((1, ahead), (2, behind)):
        story.acquire("l", scope=Scope.GLOBAL, grant=grant, mode=LockMode.EXCLUSIVE)
        story.write(VARIABLE, grant)
        story.release("l", scope=Scope.GLOBAL, grant=grant)
    entries = whole(windows_of([behind, ahead]))
    assert [(entry.access.trace_id, entry.edge) for entry in entries] == [("t1", ""), ("t2", "lock")]


def test_a_part_ends_where_it_is_told_to() -> None:
    story = Story("t1")
    for value in range(5):
        story.write(VARIABLE, value)
    windows = windows_of([story])
    page = trail_of(windows, TrailPart(START, NOON_NS + 3 * MS, 9))
    assert ([one.access.new_value for one in page.entries], page.has_more) == ([0, 1], False)
    page = trail_of(windows, TrailPart(page.last, END_NS, 2, page.written))
    assert [(one.access.new_value, one.edge) for one in page.entries] == [
        (2, "program order"),
        (3, "program order"),
    ]
    assert (page.last, page.has_more) == (Place(NOON_NS + 4 * MS, TraceId("t1"), 3), True)


def test_accesses_of_one_transaction_keep_their_order_when_stamps_run_backwards() -> None:
    story = Story("t1")
    root = story.write(VARIABLE, 1, at=5)
    story.write(VARIABLE, 2, at=4, parent=root)
    entries = whole(windows_of([story]))
    assert [entry.access.new_value for entry in entries] == [1, 2]
    assert len({transaction_key(access) for access in Opened(*windows_of([story])[0]).accesses}) == 1


def test_what_a_lock_was_handed_over_between_does_not_race() -> None:
    first, second = Story("t1", scope=Scope.PROCESS), Story("t2", scope=Scope.PROCESS)
    first.write(VARIABLE, 1, at=1)
    for story, at in ((first, 2), (second, 4)):
        story.acquire("l", at=at)
        story.release("l", at=at + 1)
    second.write(VARIABLE, 2, at=6)
    first.read(VARIABLE, 2, at=9)
    for windows in (windows_of([first, second]), windows_of([second, first])):
        told = [(entry.access.trace_id, entry.edge, entry.is_race) for entry in whole(windows)]
        assert told == [("t1", "", False), ("t2", "lock", True), ("t1", "concurrent", True)]
