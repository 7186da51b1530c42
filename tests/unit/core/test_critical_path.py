"""Critical paths: named cases, and the partition that every path must be."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from tests.unit.core.build import MS, NOON_NS, Story
from tests.unit.core.random_trace import events_of_one_trace

from raceway_core.causal_graph import CausalGraph, build_graph
from raceway_core.critical_path import critical_paths_of
from raceway_core.event import Event, EventId
from raceway_core.result import CriticalPath
from raceway_core.self_time import self_times_of

Steps = list[tuple[str, str, int, int]]


def steps_of(path: CriticalPath) -> Steps:
    """Return the segments as (operation, label, from, to), in milliseconds after noon."""
    return [
        (part.operation, part.label, (part.start_ns - NOON_NS) // MS, (part.end_ns - NOON_NS) // MS)
        for part in path.segments
    ]


def only_path(story: Story) -> Steps:
    (path,) = critical_paths_of(build_graph(story.events))
    return steps_of(path)


class Spans(Story):
    """Plain spans: no threads, no tasks, every one measured."""

    def span(self, name: str, began: float, ended: float, parent: Event | None = None, **said: str) -> Event:
        service = said.get("service", "web")
        return self.call(
            name, began=began, lasts_ms=ended - began, parent=parent, on="", service=service, instance=service
        )


def test_back_to_back_children_count() -> None:
    spans = Spans()
    root = spans.span("root", 0, 100)
    spans.span("a", 10, 40, root)
    spans.span("b", 40, 90, root)
    assert only_path(spans) == [
        ("root", "work", 0, 10),
        ("a", "work", 10, 40),
        ("b", "work", 40, 90),
        ("root", "work", 90, 100),
    ]


def test_a_sibling_that_overlaps_the_one_taken_is_off_the_path() -> None:
    spans = Spans()
    root = spans.span("root", 0, 100)
    spans.span("first", 5, 15, root)
    spans.span("overlapping", 10, 60, root)
    spans.span("last", 20, 90, root)
    assert only_path(spans) == [
        ("root", "work", 0, 5),
        ("first", "work", 5, 15),
        ("root", "work", 15, 20),
        ("last", "work", 20, 90),
        ("root", "work", 90, 100),
    ]


def test_a_child_is_clipped_to_its_parent() -> None:
    spans = Spans()
    root = spans.span("root", 10, 50)
    child = spans.span("child", 5, 80, root)
    spans.span("grandchild", 20, 70, child)
    assert only_path(spans) == [("child", "work", 10, 20), ("grandchild", "work", 20, 50)]


def test_a_consumer_does_not_delay_its_producer() -> None:
    spans = Spans()
    root = spans.span("root", 0, 50)
    sent = spans.send("m", parent=root, on="", service="web", instance="web", at=10)
    spans.receive("m", began=20, lasts_ms=100, parent=sent, on="", service="mail", instance="mail", at=120)
    spans.span("child", 5, 40, root)
    paths = critical_paths_of(build_graph(spans.events))
    assert all(part.operation != "m" for part in paths[0].segments)


def test_a_span_whose_parent_is_absent_is_a_root() -> None:
    spans = Spans()
    lost = Spans().span("lost", 0, 1)
    lost = msgspec.structs.replace(lost, id=EventId("lost"))
    spans.span("left", 0, 10, lost)
    spans.span("right", 20, 40, lost)
    paths = critical_paths_of(build_graph(spans.events))
    assert [steps_of(path) for path in paths] == [[("left", "work", 0, 10)], [("right", "work", 20, 40)]]


def test_time_around_a_remote_child_is_network() -> None:
    spans = Spans()
    root = spans.span("root", 0, 100)
    client = spans.span("GET", 10, 60, root)
    spans.span("serve", 20, 50, client, service="bank")
    assert only_path(spans) == [
        ("root", "work", 0, 10),
        ("GET", "network", 10, 20),
        ("serve", "work", 20, 50),
        ("GET", "network", 50, 60),
        ("root", "work", 60, 100),
    ]


def test_points_of_a_chain_are_its_steps() -> None:
    bank = Story()
    root = bank.call("main", at=0)
    bank.write("x", on="worker", at=1, parent=root)
    bank.write("y", on="other", at=2, parent=root)
    bank.call("done", at=3, parent=root)
    assert only_path(bank) == [("main", "work", 0, 3)]


def test_a_root_alone_on_its_chain_stands_for_what_it_led_to() -> None:
    bank = Story()
    root = bank.call("main", at=0)
    bank.write("x", on="worker", at=1, parent=root)
    bank.write("y", on="other", at=5, parent=root)
    assert only_path(bank) == [("main", "scheduling", 0, 5)]


def test_the_path_follows_the_task_that_was_awaited() -> None:
    bank = Story(task="main")
    bank.call("main", at=0)
    bank.spawn("a", at=1)
    bank.call("slow", task="a", at=3)
    bank.write("x", task="a", at=9)
    bank.join("a", at=10)
    bank.call("done", at=12)
    assert only_path(bank) == [
        ("main", "work", 0, 1),
        ("a", "scheduling", 1, 3),
        ("slow", "work", 3, 9),
        ("a", "scheduling", 9, 10),
        ("a", "work", 10, 12),
    ]


def test_waiting_for_a_lock_is_labelled() -> None:
    bank = Story()
    bank.request("lock", at=0)
    bank.acquire("lock", at=7)
    bank.release("lock", at=9)
    assert only_path(bank) == [("lock", "lock", 0, 7), ("lock", "work", 7, 9)]


def test_who_consumes_a_message_begins_a_path_of_its_own() -> None:
    bank = Story()
    first = bank.call("produce", at=0)
    bank.send("m", at=2, parent=first)
    bank.receive("m", at=10, task="consumer")
    bank.write("x", at=15, task="consumer")
    paths = critical_paths_of(build_graph(bank.events))
    assert [steps_of(path) for path in paths] == [[("produce", "work", 0, 2)], [("m", "work", 10, 15)]]


@given(events_of_one_trace())
def test_the_segments_partition_the_interval_of_each_root(events: list[Event]) -> None:
    for path in critical_paths_of(build_graph(events)):
        cuts = [path.start_ns, *(part.end_ns for part in path.segments)]
        assert [part.start_ns for part in path.segments] == cuts[:-1]
        assert cuts[-1] == path.end_ns
        assert all(begin < end for begin, end in pairwise(cuts))


@given(events_of_one_trace())
def test_self_time_is_what_no_child_covers(events: list[Event]) -> None:
    graph = build_graph(events)
    times = {time.event_id: time.self_ns for time in self_times_of(graph)}
    for number, event in enumerate(graph.events):
        begin, finish = graph.interval_ns(number)
        covered = {
            instant
            for child in range(len(events))
            if _span_above(graph, child) == number
            for instant in range(*graph.interval_ns(child))
        }
        assert times.get(event.id, 0) == len(set(range(begin, finish)) - covered)


def _span_above(graph: CausalGraph, event: int) -> int:
    above = graph.parents[event]
    while above != -1 and graph.begins_ns[above] == graph.finishes_ns[above]:
        above = graph.parents[above]
    return above


@pytest.mark.parametrize("shape", ["row", "nest"])
def test_wide_and_deep_trees_are_walked_without_recursion(shape: str) -> None:
    count = 3_000
    spans = Spans()
    outer = spans.span("root", 0, 2 * count)
    for number in range(count):
        began = number if shape == "row" else number / 2 + 1
        ended = number + 1 if shape == "row" else 2 * count - number / 2 - 1
        child = spans.span("child", began, ended, outer)
        outer = child if shape == "nest" else outer
    (path,) = critical_paths_of(build_graph(spans.events))
    assert len(path.segments) == (count + 1 if shape == "row" else 2 * count + 1)
