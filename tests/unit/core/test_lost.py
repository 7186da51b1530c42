"""Events that a client lost and told of: no fault of the clocks that name them, and no order lost."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.core.build import Story
from tests.unit.core.recorder import Recorder

from raceway_core.causal_graph import CausalGraph, build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import LOST_TAG, Event
from raceway_core.graph.lost import MOST
from raceway_core.summary import is_complete

TASKS = "abc"
BEYOND = 1000

Step = tuple[str, str | None, bool, int]
"""Whose event, whom it heard of, whether it is lost, and by which of those that are not it is told."""

STEPS = st.lists(
    st.tuples(st.sampled_from(TASKS), st.sampled_from([None, *TASKS]), st.booleans(), st.integers(0, 99)),
    max_size=14,
)


def telling(event: Event, tag: str) -> Event:
    return replace(event, metadata=replace(event.metadata, tags={LOST_TAG: tag}))


def own(event: Event) -> tuple[str, int]:
    component = f"bank#i#{event.metadata.task_id}"
    return component, int(dict(event.causality_vector)[component])


def issues_of(graph: CausalGraph) -> list[tuple[str, str, int]]:
    """Return the issues as (kind, component, count), sorted."""
    found = []
    for issue in graph.clock_issues:
        match = re.fullmatch(r"no event has place (\d+) of '(.*)'", issue.message)
        assert match, issue
        found.append((issue.kind, match[2], int(match[1])))
    return sorted(found)


def run(steps: list[Step], silent: Collection[str]) -> tuple[list[Event], list[Event]]:
    """Return the events that arrive, with what they tell of lost ones of tasks not `silent`, and all."""
    recorder = Recorder()
    every = [recorder.step(task, after) for task, after, _, _ in steps]
    left = [event for event, (_, _, is_lost, _) in zip(every, steps, strict=True) if not is_lost]
    told: dict[int, dict[str, tuple[int, int]]] = {}
    for event, (task, _, is_lost, teller) in zip(every, steps, strict=True):
        if is_lost and left and task not in silent:
            tag = told.setdefault(teller % len(left), {})
            events, highest = tag.get(task, (0, 0))
            tag[task] = (events + 1, max(highest, own(event)[1]))
    return [
        telling(event, json.dumps(told[n])) if n in told else event for n, event in enumerate(left)
    ], every


def known_places(left: list[Event], every: list[Event], silent: Collection[str]) -> dict[str, set[int]]:
    """Return by component the places that arrived or are told of."""
    arrived = {event.id for event in left}
    places: dict[str, set[int]] = {}
    for event in every:
        if left and (event.id in arrived or event.metadata.task_id not in silent):
            component, place = own(event)
            places.setdefault(component, set()).add(place)
    return places


def expected_issues(
    left: list[Event], known: Mapping[str, Collection[int]]
) -> Iterator[tuple[str, str, int]]:
    """Yield what is wrong: each place that is named and did not arrive, of chains that are known."""
    arrived = {own(event) for event in left}
    named = {(component, int(n)) for event in left for component, n in event.causality_vector}
    for component, place in sorted(named - arrived):
        if component in known:
            yield "gap" if place <= max(known[component]) else "dangling_component", component, place


@given(STEPS, st.frozensets(st.sampled_from(TASKS)))
def test_lost_events_are_exactly_the_issues_that_clocks_name(
    steps: list[Step], silent: frozenset[str]
) -> None:
    left, every = run(steps, silent)
    graph = build_graph(left)
    assert issues_of(graph) == sorted(expected_issues(left, known_places(left, every, silent)))
    told = sum(is_lost and task not in silent for task, _, is_lost, _ in steps) if left else 0
    assert graph.notes.get("events_lost", 0) == told


@given(STEPS)
def test_what_is_told_to_be_lost_costs_no_order(steps: list[Step]) -> None:
    left, _ = run(steps, ())
    graph = build_graph(left)
    order = clocks_of(graph)
    for first in left:
        component, place = own(first)
        for second in left:
            expected = first is not second and dict(second.causality_vector).get(component, 0) >= place
            numbers = graph.number_of[first.id], graph.number_of[second.id]
            assert order.happens_before(*numbers) == expected


@given(STEPS, st.sampled_from(TASKS))
def test_a_place_beyond_what_was_lost_is_one_more_issue(steps: list[Step], target: str) -> None:
    left, every = run(steps, ())
    known = known_places(left, every, ())
    component = f"bank#i#{target}"
    liars = [n for n, event in enumerate(left) if event.metadata.task_id != target]
    if not liars or component not in known:
        return
    liar = left[liars[-1]]
    clock = {**dict(liar.causality_vector), component: BEYOND}
    left[liars[-1]] = replace(liar, causality_vector=tuple(clock.items()))
    assert ("dangling_component", component, BEYOND) in issues_of(build_graph(left))
    assert issues_of(build_graph(left)) == sorted(expected_issues(left, known))


def a_heard_of(place: int, *tags: str) -> CausalGraph:
    """Record a1 a2 of task a, then b1 of b which heard of `place` of a, then an event for each tag."""
    bank = Story(instance="i")
    for n in (1, 2):
        bank.write("x", task="a", clock=(("bank#i#a", n),))
    bank.write("x", task="b", clock=(("bank#i#a", place), ("bank#i#b", 1)))
    events = [*bank.events]
    for n, tag in enumerate(tags):
        events.append(telling(bank.write("x", task="c", clock=(("bank#i#c", n + 1),)), tag))
    return build_graph(events)


def a2_is_before_b1(graph: CausalGraph) -> bool:
    return clocks_of(graph).happens_before(1, 2)


def test_a_place_that_was_lost_at_the_end_of_a_task_orders_behind_the_last_that_came() -> None:
    graph = a_heard_of(4, '{"a":[2,4]}')
    assert issues_of(graph) == [("gap", "bank#i#a", 4)]
    assert a2_is_before_b1(graph)
    assert graph.notes == {"events_lost": 2}


def test_one_place_further_dangles() -> None:
    graph = a_heard_of(5, '{"a":[2,4]}')
    assert issues_of(graph) == [("dangling_component", "bank#i#a", 5)]
    assert not a2_is_before_b1(graph)


@pytest.mark.parametrize("place", [7, 8])
def test_places_need_not_be_events_so_the_highest_counts_too(place: int) -> None:
    """A spawn that nobody saw takes a place and sends no event."""
    kind = "gap" if place == 7 else "dangling_component"
    assert issues_of(a_heard_of(place, '{"a":[1,7]}')) == [(kind, "bank#i#a", place)]


@pytest.mark.parametrize("place", [4, 5])
def test_without_a_highest_place_the_number_of_events_counts(place: int) -> None:
    kind = "gap" if place == 4 else "dangling_component"
    assert issues_of(a_heard_of(place, '{"a":[2,0]}')) == [(kind, "bank#i#a", place)]


def test_a_task_of_which_nothing_came_is_a_gap_up_to_what_it_lost() -> None:
    bank = Story(instance="i")
    bank.write("x", task="b", clock=(("bank#i#a", 2), ("bank#i#b", 1)))
    bank.write("x", task="b", clock=(("bank#i#a", 3), ("bank#i#b", 2)))
    first, second = bank.events
    assert issues_of(build_graph([first, second])) == []
    assert issues_of(build_graph([telling(first, '{"a":[2,2]}'), second])) == [
        ("dangling_component", "bank#i#a", 3),
        ("gap", "bank#i#a", 2),
    ]


def test_tags_add_up_and_an_event_tells_once() -> None:
    first, second = '{"a":[1,3],"d":[2,2]}', '{"a":[1,4],"":[5,0]}'
    graph = a_heard_of(4, first, second)
    assert graph.notes == {"events_lost": 9}
    assert build_graph([*graph.events, *graph.events]).notes == {"events_lost": 9}
    assert issues_of(graph) == [("gap", "bank#i#a", 4)]


def test_a_tag_speaks_of_its_own_process_alone() -> None:
    bank = Story()
    bank.write("x", instance="i", task="a", clock=(("bank#i#a", 1),))
    bank.write("x", instance="i", task="b", clock=(("bank#i#a", 2), ("bank#i#b", 1)))
    other = bank.write("x", instance="j", task="c", clock=(("bank#j#c", 1),))
    graph = build_graph([*bank.events[:2], telling(other, '{"a":[1,2]}')])
    assert issues_of(graph) == [("dangling_component", "bank#i#a", 2)]


@pytest.mark.parametrize(
    "tag",
    [
        "", "no JSON", "[]", "null", "3", '{"a":3}', '{"a":[1]}', '{"a":[1,2,3]}', '{"a":["1",2]}',
        '{"a":[0,3]}', '{"a":[-1,3]}', '{"a":[1,-3]}', '{"a":[1.5,3]}', '{"a":[true,3]}',
        '{"a":[1,9007199254740992]}', f'{{"a":[1,{"9" * 5000}]}}', '{"a":[1,3]', "\ud800", "[" * 100_000,
    ],
)  # fmt: skip
def test_a_tag_that_cannot_be_read_says_nothing(tag: str) -> None:
    graph = a_heard_of(3, tag)
    assert (graph.notes, issues_of(graph)) == ({}, [("dangling_component", "bank#i#a", 3)])


def test_the_number_of_lost_events_stays_a_number_that_can_be_stored() -> None:
    tag = json.dumps({f"t{n}": [MOST - 1, 0] for n in range(2000)})
    assert a_heard_of(2, tag).notes == {"events_lost": MOST}


def test_a_trace_that_lost_events_is_not_complete() -> None:
    assert is_complete(a_heard_of(2))
    assert not is_complete(a_heard_of(2, '{"a":[1,3]}'))
