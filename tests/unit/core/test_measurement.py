"""Measurements: what counts as an operation, how long it took, how it ended, and what it is inside of."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from tests.unit.core.build import MS, Story
from tests.unit.core.random_trace import events_of_one_trace

from raceway_core.baseline.measurement import measurements_of
from raceway_core.baseline.operation_pattern import operation_pattern
from raceway_core.causal_graph import build_graph
from raceway_core.critical_path import critical_paths_of
from raceway_core.event import (
    DatabaseQuery,
    DatabaseResult,
    Error,
    Event,
    FunctionCall,
    FunctionReturn,
    HttpRequest,
    HttpResponse,
    Payload,
)
from raceway_core.measured import Measurement


def measure(story: Story) -> list[Measurement]:
    graph = build_graph(story.events)
    return measurements_of(graph, critical_paths_of(graph))


def rows(story: Story) -> list[tuple[str, str, float, str]]:
    """Return (operation, status, milliseconds, event), in the order of the operations."""
    return [
        (one.operation.name, one.operation.status, one.duration_ns / MS, one.event_id)
        for one in measure(story)
    ]


def test_a_duration_is_taken_as_recorded() -> None:
    story = Story()
    story.call("work", at=10, lasts_ms=4)
    assert rows(story) == [("work", "", 4, "e1")]


def test_two_points_of_a_chain_are_one_operation() -> None:
    story = Story()
    story.event(FunctionCall(function_name="outer"), at=0)
    story.event(FunctionCall(function_name="inner"), at=1)
    story.event(FunctionReturn(function_name="inner"), at=3)
    story.event(FunctionReturn(function_name="outer"), at=7)
    assert rows(story) == [("outer", "", 7, "e4"), ("inner", "", 2, "e3")]


def test_a_response_ends_the_request_that_it_names() -> None:
    story = Story()
    first = story.event(HttpRequest(method="GET", url="/a"), at=0)
    second = story.event(HttpRequest(method="GET", url="/b"), at=1)
    story.event(HttpResponse(status=200), at=5, parent=first)
    story.event(HttpResponse(status=503), at=9, parent=second)
    assert rows(story) == [("GET /a", "2xx", 5, "e3"), ("GET /b", "5xx", 8, "e4")]


def test_a_response_may_say_how_long_it_took() -> None:
    story = Story()
    story.event(HttpRequest(method="GET", url="/a"), at=0)
    story.event(HttpResponse(status=200, duration_ms=2.5), at=5)
    assert rows(story) == [("GET /a", "2xx", 2.5, "e2")]


def test_a_response_without_a_request_stands_for_itself() -> None:
    story = Story()
    story.event(HttpResponse(status=404, duration_ms=2), at=5)
    [one] = measure(story)
    assert one.operation == ("bank", "", "HttpResponse", "4xx")


def test_a_query_ends_with_its_result() -> None:
    story = Story()
    story.event(DatabaseQuery(query="SELECT 1"), at=0)
    story.event(DatabaseResult(rows_affected=1), at=6)
    story.event(DatabaseQuery(query="SELECT 2", duration_ms=1.5), at=10)
    assert rows(story) == [("SELECT ?", "", 6, "e2"), ("SELECT ?", "", 1.5, "e3")]


def test_an_await_is_no_operation() -> None:
    story = Story(task="main")
    story.join("task", at=10, lasts_ms=8)
    assert rows(story) == []


@pytest.mark.parametrize("told_ms", [-1.0, float("inf"), float("nan"), 1e300])
def test_a_duration_that_cannot_be_is_none(told_ms: float) -> None:
    story = Story()
    story.event(DatabaseQuery(query="SELECT 1", duration_ms=told_ms), at=0)
    assert rows(story) == []


def test_an_error_inside_makes_an_operation_fail_and_no_other() -> None:
    story = Story()
    outer = story.call("outer", at=10, lasts_ms=9)
    inner = story.call("inner", at=8, lasts_ms=4, parent=outer)
    story.event(Error(error_type="ValueError"), at=7, parent=inner)
    assert [(name, status) for name, status, _, _ in rows(story)] == [("outer", ""), ("inner", "error")]


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ({"http.response.status_code": "502"}, "5xx"),
        ({"http.status_code": "200"}, "2xx"),
        ({"error": "true"}, "error"),
        ({"otel.status_code": "ERROR"}, "error"),
        ({"http.status_code": "none", "error": "false"}, ""),
    ],
)
def test_tags_may_tell_how_it_ended(tags: dict[str, str], status: str) -> None:
    story = Story()
    event = story.call("work", at=10, lasts_ms=4)
    metadata = msgspec.structs.replace(event.metadata, tags=tags)
    story.events[0] = msgspec.structs.replace(event, metadata=metadata)
    assert [told for _, told, _, _ in rows(story)] == [status]


def test_on_a_line_of_parents_what_was_over_contains_nothing() -> None:
    story = Story()
    outer = story.call("outer", began=0, at=20, lasts_ms=20)
    first = story.call("first", began=1, at=5, lasts_ms=4, parent=outer)
    second = story.call("second", began=6, at=9, lasts_ms=3, parent=first)
    story.call("third", began=7, at=8, lasts_ms=1, parent=second)
    assert [(one.operation.name, one.inside) for one in measure(story)] == [
        ("outer", -1),
        ("first", 0),
        ("second", 0),
        ("third", 2),
    ]


def test_the_consumer_of_a_message_does_not_delay_its_producer() -> None:
    story = Story()
    outer = story.call("produce", began=0, at=20, lasts_ms=20)
    sent = story.send("m", at=3, parent=outer)
    story.receive("m", began=5, at=15, lasts_ms=10, parent=sent, service="mail", instance="m1")
    assert [(one.operation.name, one.delays) for one in measure(story)] == [("produce", True), ("m", False)]


def test_what_an_operation_caused_counts_as_its_part_of_the_critical_path() -> None:
    story = Story()
    outer = story.call("outer", began=0, at=20, lasts_ms=20)
    story.call("inner", began=5, at=15, lasts_ms=10, parent=outer)
    assert [one.critical_ns // MS for one in measure(story)] == [20, 10]


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (HttpRequest(method="GET", url="/users/17?full=1"), "GET /users/*"),
        (HttpRequest(method="GET", url="https://h/v2/o/3fa85f64-5717-4562-b3fc/x"), "GET https://h/v2/o/*/x"),
        (HttpRequest(method="PUT", url="/decade/facade"), "PUT /decade/facade"),
        (DatabaseQuery(query="SELECT a1 WHERE n = 'it''s' AND k = 7.5"), "SELECT a1 WHERE n = ? AND k = ?"),
        (FunctionCall(function_name="step_2"), "step_2"),
    ],
)
def test_one_name_for_the_calls_of_one_operation(payload: Payload, name: str) -> None:
    assert operation_pattern(payload) == name


@given(events_of_one_trace())
def test_operations_come_after_those_they_are_inside_of(events: list[Event]) -> None:
    graph = build_graph(events)
    measurements = measurements_of(graph, critical_paths_of(graph))
    ids = [one.event_id for one in measurements]
    assert len(ids) == len(set(ids))
    for number, one in enumerate(measurements):
        assert -1 <= one.inside < number
        assert one.duration_ns == one.end_ns - one.begin_ns >= 0
    lengths = sum(path.end_ns - path.start_ns for path in critical_paths_of(graph))
    assert all(0 <= one.critical_ns <= lengths for one in measurements)


def test_a_response_ends_no_other_response() -> None:
    story = Story()
    first = story.event(HttpResponse(status=200, duration_ms=2), at=5)
    story.event(HttpResponse(status=404), at=9, parent=first)
    assert rows(story) == [("", "2xx", 2, "e1")]
