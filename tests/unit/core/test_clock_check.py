"""Clocks that were sent: what they order, and faults that are found exactly where they were put."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import Story
from tests.unit.core.recorder import Recorder

from raceway_core.causal_graph import EdgeKind, build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Event
from raceway_core.summary import is_complete

Entries = tuple[tuple[str, int], ...]


def replace(events: list[Event], index: int, clock: Entries) -> None:
    events[index] = msgspec.structs.replace(events[index], causality_vector=clock)


def issues_of(events: list[Event]) -> list[tuple[str, str]]:
    return [(issue.kind, issue.event_id) for issue in build_graph(events).clock_issues]


def two_tasks() -> list[Event]:
    """Record a1 a2 b1(after a2) a3 b2(after a3) a4 b3."""
    recorder = Recorder()
    for task, after in [
        ("a", None),
        ("a", None),
        ("b", "a"),
        ("a", None),
        ("b", "a"),
        ("a", None),
        ("b", None),
    ]:
        recorder.step(task, after)
    return recorder.story.events


A1, A2, B1, A3, B2, A4, B3 = range(7)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, *"abc"])), max_size=12))
def test_true_clocks_have_no_issues_and_order_exactly_what_was_heard(
    steps: list[tuple[str, str | None]],
) -> None:
    recorder = Recorder()
    events = [recorder.step(task, after) for task, after in steps]
    clocks = [dict(event.causality_vector) for event in events]
    graph = build_graph(events)
    order = clocks_of(graph)
    assert graph.clock_issues == []
    for first, event in enumerate(events):
        own = f"bank#i#{event.metadata.task_id}"
        for second, clock in enumerate(clocks):
            expected = first != second and clock.get(own, 0) >= clocks[first][own]
            numbers = graph.number_of[event.id], graph.number_of[events[second].id]
            assert order.happens_before(*numbers) == expected


def test_places_order_a_chain_against_the_stamps() -> None:
    bank = Story(instance="i", task="t")
    late = bank.write("x", clock=(("bank#i#t", 2),))
    early = bank.write("x", clock=(("bank#i#t", 1),))
    graph = build_graph(bank.events)
    numbers = graph.number_of
    assert clocks_of(graph).happens_before(numbers[early.id], numbers[late.id])


def test_a_clock_decides_in_place_of_a_parent_link() -> None:
    bank = Story(instance="i")
    first = bank.write("x", task="a", clock=(("bank#i#a", 1),))
    bank.write("x", task="b", parent=first, clock=(("bank#i#b", 1),))
    assert build_graph(bank.events).edges == []


def test_a_parent_without_a_clock_still_counts() -> None:
    bank = Story(instance="i")
    first = bank.write("x", task="a")
    bank.write("x", task="b", parent=first, clock=(("bank#i#b", 1),))
    assert [edge.kind for edge in build_graph(bank.events).edges] == [EdgeKind.PARENT]


FAULTS = {
    "own_component_missing": (A3, (("bank#i#z", 3),)),
    "duplicate_place": (A4, (("bank#i#a", 3),)),
    "not_growing": (B2, (("bank#i#a", 1), ("bank#i#b", 2))),
    "dangling_component": (B2, (("bank#i#a", 9), ("bank#i#b", 2))),
    "malformed_clock": (A3, (("bank#i#a", 3), ("bank#i#a", 3))),
    "cycle": (A1, (("bank#i#a", 1), ("bank#i#b", 3))),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_one_fault_is_one_issue(kind: str) -> None:
    events = two_tasks()
    index, clock = FAULTS[kind]
    replace(events, index, clock)
    assert (kind, events[index].id) in issues_of(events)
    if kind not in {"own_component_missing", "cycle"}:
        assert issues_of(events) == [(kind, events[index].id)]


def test_a_lost_event_that_others_heard_of_is_one_gap_and_still_order() -> None:
    events = two_tasks()
    graph = build_graph([event for index, event in enumerate(events) if index != A3])
    assert [(issue.kind, issue.event_id) for issue in graph.clock_issues] == [("gap", events[B2].id)]
    numbers = graph.number_of
    assert clocks_of(graph).happens_before(numbers[events[A2].id], numbers[events[B2].id])
    assert not is_complete(graph)


def test_a_dangling_component_orders_nothing() -> None:
    bank = Story(instance="i")
    first = bank.write("x", task="a", clock=(("bank#i#a", 1),))
    bank.write("x", task="b", clock=(("bank#i#a", 100), ("bank#i#b", 1)))
    graph = build_graph(bank.events)
    assert graph.edges == []
    assert [issue.kind for issue in graph.clock_issues] == ["dangling_component"]
    assert graph.number_of[first.id] == 0


def test_a_send_may_count_once_more_than_its_event_says() -> None:
    bank = Story(instance="i")
    bank.http(task="a", clock=(("bank#i#a", 1),))
    bank.write("x", task="b", clock=(("bank#i#a", 2), ("bank#i#b", 1)))
    graph = build_graph(bank.events)
    assert graph.clock_issues == []
    assert [edge.kind for edge in graph.edges] == [EdgeKind.CLOCK]


def test_twins_of_one_place_are_concurrent_between_their_neighbours() -> None:
    bank = Story(instance="i", task="t")
    places = (1, 2, 2, 3)
    for place in places:
        bank.write("x", clock=(("bank#i#t", place),))
    graph = build_graph(bank.events)
    before = clocks_of(graph).happens_before
    assert not before(1, 2)
    assert not before(2, 1)
    assert all(before(0, twin) and before(twin, 3) for twin in (1, 2))


@pytest.mark.parametrize("clock", [(("bank#i", 4),), (("0b3f-e1", 1),)], ids=["per request", "event id"])
def test_what_is_no_vector_clock_is_ignored(clock: Entries) -> None:
    bank = Story(instance="i")
    root = bank.call(clock=clock)
    bank.write("x", on="worker", parent=root, clock=clock)
    bank.write("x", parent=root, clock=clock)
    graph = build_graph(bank.events)
    assert graph.clock_issues == []
    assert [edge.kind for edge in graph.edges] == [EdgeKind.PARENT]


def test_components_of_other_traces_order_nothing_and_are_not_missing() -> None:
    bank = Story(instance="i")
    bank.write("x", task="a", clock=(("bank#i#a", 1), ("bank#i#earlier", 7)))
    graph = build_graph(bank.events)
    assert (graph.clock_issues, graph.notes, is_complete(graph)) == ([], {}, True)


def test_a_process_that_has_not_arrived_is_missing() -> None:
    bank = Story(instance="i")
    bank.write("x", task="a", clock=(("bank#i#a", 1), ("audit#i#b", 7)))
    graph = build_graph(bank.events)
    assert graph.notes == {"missing_component": 1}
    assert not is_complete(graph)


def test_an_interval_recorded_at_its_end_contains_what_it_had_seen() -> None:
    bank = Story(instance="i", task="t")
    inner = bank.read("x", at=5, clock=(("bank#i#t", 1),))
    outer = bank.call(at=10, lasts_ms=8, clock=(("bank#i#t", 2),))
    after = bank.write("x", at=11, clock=(("bank#i#t", 3),))
    graph = build_graph(bank.events)
    number = graph.number_of
    (nodes,) = graph.chain_nodes
    assert [graph.event_of[node] for node in nodes] == [
        number[outer.id], number[inner.id], number[outer.id], number[after.id],
    ]  # fmt: skip


def test_places_hold_a_chain_together_whatever_its_intervals_and_parents_say() -> None:
    bank = Story(instance="i")
    spawn = bank.spawn("b", began=0, lasts_ms=10.5, clock=(("bank#i#main", 1),))
    bank.call(began=5, lasts_ms=10, parent=spawn, clock=(("bank#i#main", 2),))
    bank.write("x", at=30, clock=(("bank#i#main", 3),))
    assert len(build_graph(bank.events).chains) == 1


def test_the_own_component_names_the_instance_where_nothing_else_does() -> None:
    bank = Story(instance=None, task="t")
    bank.write("x", clock=(("bank#one#t", 1),))
    bank.write("x", clock=(("bank#two#t", 1),))
    graph = build_graph(bank.events)
    assert {chain.process.instance for chain in graph.chains} == {"one", "two"}
    assert graph.clock_issues == []
