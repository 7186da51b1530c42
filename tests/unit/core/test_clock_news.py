"""Clocks kept as news, against the same clocks in dicts; and when they are kept so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Story
from tests.unit.core.clock_check import assert_same
from tests.unit.core.random_program import programs
from tests.unit.core.random_tasks import task_runs

from raceway_core.analysis import analyze_trace
from raceway_core.causal_graph import CausalGraph, Edge, EdgeKind, build_graph
from raceway_core.clock import Clocks, clocks_of
from raceway_core.clock_news import MOST_BASES
from raceway_core.clock_row import ClockRow, HistoryClock
from raceway_core.clock_table import LIMITS, Limits
from raceway_core.event import Event
from raceway_core.graph.least import NOTHING, Least

AS_NEWS = Limits(entries=-1)


@given(st.one_of(task_runs(), programs(80)))
@examples(200)
def test_news_say_what_dicts_do(events: list[Event]) -> None:
    graph = build_graph(events)
    assert_same(graph, clocks_of(graph), kept_as_news(graph))


@given(task_runs(60), st.data())
@examples(100)
def test_so_do_those_of_a_graph_with_more_edges(events: list[Event], data: st.DataObject) -> None:
    graph = build_graph(events)
    nodes = st.integers(0, len(graph.event_of) - 1)
    drawn = data.draw(st.lists(st.tuples(nodes, nodes), max_size=8))
    more = [
        Edge(min(pair), max(pair), EdgeKind.LOCK)
        for pair in drawn
        if len({graph.chain_of[graph.event_of[node]] for node in pair}) > 1
    ]
    assert_same(graph, clocks_of(graph, more), clocks_of(graph, more, AS_NEWS))


def kept_as_news(graph: CausalGraph) -> Clocks:
    clocks = clocks_of(graph, limits=AS_NEWS)
    assert all(isinstance(clock, HistoryClock) for clock in clocks.clock)
    return clocks


@pytest.mark.parametrize("depth", [1, MOST_BASES, MOST_BASES + 1, 3 * MOST_BASES])
def test_tasks_that_start_each_other_rest_on_few_bases(depth: int) -> None:
    story = Story()
    names = ["root", *(f"t{number}" for number in range(depth))]
    steps = list(pairwise(names))
    for task, name in steps:
        story.spawn(name, task=task)
        story.write("total", task=task)
    for task, name in reversed(steps):
        story.write("total", task=name)
        story.join(name, task=task)
    graph = build_graph(story.events)
    assert_same(graph, clocks_of(graph), kept_as_news(graph))


def fan(tasks: int) -> list[Event]:
    story = Story()
    names = [f"t{number}" for number in range(tasks)]
    for name in names:
        story.spawn(name, task="root")
    for name in names:
        story.write("total", task=name)
    for name in names:
        story.join(name, task="root")
    story.read("total", task="root")
    return story.events


def test_ten_thousand_tasks_that_are_all_awaited_are_counted_exactly() -> None:
    events = fan(10_000)
    result = analyze_trace(events[0].trace_id, events)
    assert result.race_pairs == 10_000 * 9_999 // 2
    assert "too_wide" not in result.summary.notes


def test_what_is_kept_of_a_wide_trace_is_what_takes_least() -> None:
    graph = build_graph(fan(800))
    assert kinds_of(graph, LIMITS) == {dict}
    assert kinds_of(graph, Limits(entries=1_000)) == {HistoryClock}
    assert kinds_of(graph, Limits(entries=1_000, news=798)) == {ClockRow}  # the first await rests on its task
    assert kinds_of(graph, Limits(entries=1_000, news=799)) == {HistoryClock}
    assert kinds_of(graph, Limits(entries=1_000, cells=1_602)) == {HistoryClock}  # the read knows 801 lanes
    assert kinds_of(graph, Limits(entries=1_000, cells=1_600)) == {ClockRow}
    assert clocks_of(graph, limits=Limits(entries=1_000, cells=1_600)).is_too_wide


def test_clocks_of_which_much_is_news_are_rows_of_a_matrix() -> None:
    graph = build_graph(list(messages(between=40, count=2_000)))
    assert kinds_of(graph, Limits(entries=10_000)) == {ClockRow}
    assert not clocks_of(graph, limits=Limits(entries=10_000)).is_too_wide
    narrow = Limits(entries=10_000, cells=2 * 30 * (2_000 + 40))  # no room for it
    assert kinds_of(graph, narrow) == {HistoryClock}


def test_news_are_not_read_over_and_over() -> None:
    graph = build_graph(late_readers(rounds=200, readers=100))
    assert kinds_of(graph, Limits(entries=500)) == {HistoryClock}
    assert kinds_of(graph, Limits(entries=500, news=1_000)) == {ClockRow}  # 100 · 400 are read


def late_readers(rounds: int, readers: int) -> list[Event]:
    """Tell of tasks that one starts, and that then hear from another who has had much news of two lanes."""
    story = Story()
    story.spawn("other", task="root")
    story.write("total", task="other")
    for number in range(rounds):
        for name in (f"a{number}", f"b{number}"):
            story.spawn(name, task="root")
        for name in (f"a{number}", f"b{number}"):
            story.write("total", task=name)
        for name in (f"a{number}", f"b{number}"):
            story.join(name, task="root")
    story.send("news", task="root")
    for number in range(readers):
        story.spawn(f"r{number}", task="other")
        story.write("total", task=f"r{number}")
        story.receive("news", task=f"r{number}")
    return story.events


def messages(between: int, count: int) -> Iterator[Event]:
    """Tell of tasks that all hear from all in turn."""
    story = Story()
    for number in range(count):
        sender, receiver = f"t{number % between}", f"t{number * 7 % (between - 1)}"
        story.send(f"m{number}", task=sender)
        story.receive(f"m{number}", task=receiver)
    yield from story.events


def kinds_of(graph: CausalGraph, limits: Limits) -> set[type]:
    return {type(clock) for clock in clocks_of(graph, limits=limits).clock}


@given(st.lists(st.integers(0, 50), max_size=40), st.data())
def test_the_least_of_a_beginning(numbers: list[int], data: st.DataObject) -> None:
    tree = Least()
    for number in numbers:
        tree.append(number)
    left: list[int | None] = list(numbers)
    for place in data.draw(st.sets(st.integers(0, 39), max_size=10)):
        if place < len(left):
            tree.clear(place)
            left[place] = None
    for count in range(len(left) + 1):
        found, place = tree.least(count)
        there = [number for number in left[:count] if number is not None]
        assert found == min(there, default=NOTHING)
        assert not there or (place < count and left[place] == found)
