"""Anomalies: named cases, and that they depend on the set of traces only."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log
from random import Random
from statistics import median_low

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import MS, Story

from raceway_core.anomaly import Anomalies, Anomaly, AnomalyKind, find_anomalies
from raceway_core.baseline.measurement import measurements_of
from raceway_core.causal_graph import build_graph
from raceway_core.critical_path import critical_paths_of
from raceway_core.finding import Severity
from raceway_core.measured import Measurement, TraceMeasurements
from raceway_core.options import Latency

PLAIN = Latency()


def measured(stories: Sequence[Story]) -> list[TraceMeasurements]:
    graphs = [(story.trace_id, build_graph(story.events)) for story in stories]
    return [
        TraceMeasurements(trace_id, measurements_of(graph, critical_paths_of(graph)))
        for trace_id, graph in graphs
    ]


def calls(durations_ms: Sequence[float], *, every_ms: float = 1000) -> list[Story]:
    """Return a trace for each duration, with one call that took so long."""
    return [one_call(number, took, number * every_ms) for number, took in enumerate(durations_ms)]


def one_call(number: int, took_ms: float, at: float, name: str = "handler") -> Story:
    story = Story(f"t{number:04}")
    story.call(name, at=at, lasts_ms=took_ms)
    return story


def nested(number: int, outer_ms: float, inner_ms: float, *, elsewhere: bool = False) -> Story:
    """Return a handler that calls `pay`, in its own process or on a host whose clock is an hour ahead."""
    story, at = Story(f"t{number:04}"), number * 1000.0
    handler = story.call("handler", began=at, at=at + outer_ms, lasts_ms=outer_ms)
    began = at + 1 + 3_600_000 * elsewhere
    where = ("pay", "p1") if elsewhere else ("bank", "i1")
    story.call(
        "pay",
        began=began,
        at=began + inner_ms,
        lasts_ms=inner_ms,
        parent=handler,
        service=where[0],
        instance=where[1],
    )
    return story


def found(stories: Sequence[Story], latency: Latency = PLAIN) -> Sequence[Anomaly]:
    return find_anomalies(measured(stories), latency).found


def told(anomalies: Sequence[Anomaly]) -> list[tuple[str, str, str]]:
    return [(anomaly.kind.value, anomaly.operation.name, anomaly.trace_id) for anomaly in anomalies]


def test_one_slow_call_among_equal_ones() -> None:
    [anomaly] = found(calls([10] * 20 + [100] + [10] * 20))
    assert (anomaly.kind, anomaly.trace_id, anomaly.event_id) == (AnomalyKind.LATENCY, "t0020", "e1")
    assert (anomaly.actual, anomaly.severity) == (100 * MS, Severity.CRITICAL)
    assert anomaly.expected == pytest.approx(10 * MS, rel=0.01)
    assert anomaly.contribution_ns == pytest.approx(90 * MS, rel=0.01)


def test_too_few_samples_are_said_to_be_insufficient() -> None:
    anomalies = find_anomalies(measured(calls([10] * 18 + [1000])), PLAIN)
    assert anomalies.found == []
    [normal] = anomalies.normal
    assert (normal.samples, normal.is_insufficient, normal.median_ns) == (19, True, None)


@pytest.mark.parametrize("slow", [11, 50, 200])
def test_a_level_shift_is_one_regression(slow: int) -> None:
    [anomaly] = found(calls([10] * 100 + [100] * slow))
    assert (anomaly.kind, anomaly.trace_id, anomaly.count) == (AnomalyKind.REGRESSION, "t0100", 11)
    assert anomaly.actual == pytest.approx(100 * MS, rel=0.01)
    assert anomaly.expected == pytest.approx(10 * MS, rel=0.01)


def test_a_level_may_shift_as_soon_as_there_is_a_baseline() -> None:
    [anomaly] = found(calls([10] * 20 + [100] * 50))
    assert (anomaly.kind, anomaly.trace_id) == (AnomalyKind.REGRESSION, "t0020")


def test_a_slow_call_before_a_shift_is_no_part_of_it() -> None:
    slow_ones = found(calls([10] * 95 + [300] + [10] * 4 + [100] * 50))
    assert sorted(told(slow_ones)) == [("latency", "handler", "t0095"), ("regression", "handler", "t0100")]


def test_some_slow_calls_are_no_level_shift() -> None:
    slow_ones = found(calls([10] * 100 + [100, 10, 10] * 20))
    assert {anomaly.kind for anomaly in slow_ones} == {AnomalyKind.LATENCY}
    assert len(slow_ones) == 20


def test_after_a_shift_what_is_slow_for_the_new_level_is_told() -> None:
    slow_ones = found(calls([10] * 50 + [100] * 50 + [1000] + [100] * 5))
    assert sorted(told(slow_ones)) == [("latency", "handler", "t0100"), ("regression", "handler", "t0050")]


def test_a_level_that_falls_is_told_where_asked_for() -> None:
    stories = calls([100] * 50 + [10] * 50)
    assert found(stories) == []
    [anomaly] = found(stories, Latency(both_sides=True))
    assert anomaly.kind is AnomalyKind.REGRESSION
    assert anomaly.score is not None
    assert anomaly.score < 0


def test_old_samples_are_forgotten() -> None:
    week_ms = 7 * 24 * 3600 * 1000.0
    stories = [*calls([10] * 40), one_call(99, 100, week_ms + 3_600_000)]
    assert found(stories) == []


@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_operation_explained_by_one_inside_it_is_not_told(elsewhere: bool) -> None:
    usual = [nested(number, 20, 10, elsewhere=elsewhere) for number in range(30)]
    slow = nested(30, 210, 200, elsewhere=elsewhere)
    assert told(found([*usual, slow])) == [("latency", "pay", "t0030")]


def test_an_operation_that_is_slow_itself_too_is_told() -> None:
    usual = [nested(number, 20, 10) for number in range(30)]
    assert {name for _, name, _ in told(found([*usual, nested(30, 500, 200)]))} == {"pay", "handler"}


def test_a_regression_explained_by_one_inside_is_not_told() -> None:
    stories = [nested(number, 20, 10) for number in range(50)]
    stories += [nested(number, 110, 100) for number in range(50, 120)]
    assert told(found(stories)) == [("regression", "pay", "t0050")]


def test_overlapping_children_explain_only_the_longest_excess() -> None:
    def fan(number: int, took_ms: float, outer_ms: float) -> Story:
        story, at = Story(f"t{number:04}"), number * 1000.0
        handler = story.call("handler", began=at, at=at + outer_ms, lasts_ms=outer_ms)
        for task in "ab":
            story.call(task, task=task, began=at + 1, at=at + 1 + took_ms, lasts_ms=took_ms, parent=handler)
        return story

    usual = [fan(number, 10, 20) for number in range(30)]
    names = {name for _, name, _ in told(found([*usual, fan(30, 110, 220)]))}
    assert names == {"a", "b", "handler"}
    names = {name for _, name, _ in told(found([*usual, fan(30, 110, 120)]))}
    assert names == {"a", "b"}


def test_the_costliest_comes_first() -> None:
    stories = [one_call(2 * n, 10, n * 1000.0, "small") for n in range(30)]
    stories += [one_call(2 * n + 1, 100, n * 1000.0 + 500, "large") for n in range(30)]
    stories += [one_call(1000, 500, 31_000, "small"), one_call(1001, 900, 32_000, "large")]
    assert [name for _, name, _ in told(found(stories))] == ["large", "small"]


def test_a_limit_needs_no_samples() -> None:
    [anomaly] = found(calls([10, 300, 200]), Latency(limits_ns={"handler": 200 * MS}))
    assert (anomaly.kind, anomaly.score, anomaly.trace_id) == (AnomalyKind.LIMIT, None, "t0001")
    assert (anomaly.actual, anomaly.expected) == (300 * MS, 200 * MS)


def test_status_classes_have_baselines_of_their_own() -> None:
    def request(number: int, status: int, took_ms: float) -> Story:
        story = Story(f"t{number:04}", at=number * 1000.0)
        story.http("/pay?id=7")
        story.answer(status, at=number * 1000.0 + 1 + took_ms)
        return story

    stories = [request(number, 200 if number % 3 else 404, 100 if number % 3 else 5) for number in range(90)]
    anomalies = find_anomalies(measured(stories), PLAIN)
    assert anomalies.found == []
    assert [tuple(normal.operation) for normal in anomalies.normal] == [
        ("bank", "POST /pay", "HttpRequest", "2xx"),
        ("bank", "POST /pay", "HttpRequest", "4xx"),
    ]


def test_an_operation_that_begins_to_fail_is_told_once() -> None:
    def request(number: int) -> Story:
        story = Story(f"t{number:04}", at=number * 1000.0)
        story.http("/pay")
        story.answer(503 if number >= 100 and number % 2 else 200)
        return story

    [anomaly] = found([request(number) for number in range(200)])
    assert (anomaly.kind, anomaly.operation.name) == (AnomalyKind.ERRORS, "POST /pay")
    assert (anomaly.severity, anomaly.actual) == (Severity.CRITICAL, 0.5)
    assert anomaly.expected < 0.05
    assert anomaly.trace_id == "t0105"


@given(
    st.lists(st.sampled_from([5.0, 10.0, 11.0, 40.0, 200.0]), min_size=20, max_size=80),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_of_traces_matters(durations: list[float], random: Random) -> None:
    traces = measured(calls(durations))
    expected = find_anomalies(traces, PLAIN)
    again = [*traces, *random.sample(traces, 5)]
    random.shuffle(again)
    assert shown(find_anomalies(again, PLAIN)) == shown(expected)


def shown(anomalies: Anomalies) -> bytes:
    return msgspec.json.encode(anomalies)


@given(st.lists(st.floats(1, 100), min_size=1, max_size=80))
def test_an_event_is_judged_by_what_ended_before_it(durations: list[float]) -> None:
    """Whatever comes later never changes whether a single event was anomalous."""
    traces = measured(calls(durations))
    early = find_anomalies(traces[:-1], PLAIN).found
    late = find_anomalies(traces, PLAIN).found
    is_shift = any(anomaly.kind is AnomalyKind.REGRESSION for anomaly in late)
    assert is_shift or set(told(early)) <= set(told(late))


@given(st.lists(st.sampled_from([5.0, 9.0, 10.0, 11.0, 12.0, 25.0, 80.0]), min_size=20, max_size=60))
def test_the_rule_by_its_definition(durations: list[float]) -> None:
    """The sketch's answer is that of exact medians, except as near to a limit as its accuracy."""
    slow_ones = found(calls(durations))
    if any(anomaly.kind is AnomalyKind.REGRESSION for anomaly in slow_ones):
        return
    told_of = {int(anomaly.trace_id[1:]) for anomaly in slow_ones}
    for number, duration in enumerate(durations):
        margin = margin_of(durations[:number], duration)
        assert abs(margin) < 0.35 or (number in told_of) is (margin > 0)


def margin_of(before: Sequence[float], duration: float) -> float:
    """Return by how many deviations a duration is beyond the limit, by exact medians."""
    if len(before) < 20:
        return -inf
    logs = [log(one) for one in before]
    median = median_low(logs)
    spread = max(1.4826 * median_low([abs(one - median) for one in logs]), 0.05)
    is_far = duration > 1.5 * exp(median) and duration - exp(median) > 1
    return (log(duration) - median) / spread - 2.5 if is_far else -inf


def test_a_long_line_of_parents_is_measured_in_linear_time() -> None:
    story = Story()
    event = None
    for number in range(3_000):
        event = story.call("step", at=number + 1.0, began=number, lasts_ms=1, parent=event)
    measurements: list[Measurement] = measurements_of(build_graph(story.events), ())
    assert {measurement.inside for measurement in measurements} == {-1}
