"""Times and ends of calls between services."""

from __future__ import annotations

from tests.unit.core.build import Story

from raceway_core.analysis import analyze_trace
from raceway_core.baseline.sketch import bucket_of
from raceway_core.result import CallTimes

MS = 1_000_000


def times(story: Story) -> tuple[CallTimes, ...]:
    return analyze_trace(story.trace_id, story.events).summary.call_times


def took(*ms: float) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((bucket_of(round(each * MS)), 1) for each in ms))


def test_what_the_caller_waited_for_counts() -> None:
    story = Story()
    asked = story.http("http://bank/x", service="web", lasts_ms=30, at=40)
    story.call(service="bank", on="b", parent=asked, lasts_ms=5, at=20)
    assert times(story) == (CallTimes("web", "bank", 0, 0, took(30)),)


def test_request_and_response_measure_a_call_and_tell_its_end() -> None:
    story = Story()
    for begin, status in ((1, 200), (50, 503)):
        asked = story.http("http://bank/x", service="web", at=begin)
        story.call(service="bank", on="b", parent=asked, at=begin + 1)
        story.answer(status, service="web", parent=asked, at=begin + 20)
    assert times(story) == (CallTimes("web", "bank", 2, 1, ((bucket_of(20 * MS), 2),)),)


def test_the_callee_tells_where_the_caller_does_not() -> None:
    story = Story()
    story.call(service="web", span="s1", at=1)
    served = story.http(service="bank", on="b", upstream="s1", span="s2", at=2)
    story.answer(500, service="bank", on="b", parent=served, at=12)
    assert times(story) == (CallTimes("web", "bank", 1, 1, took(10)),)


def test_messages_and_calls_without_a_duration_are_not_measured() -> None:
    story = Story()
    root = story.call(service="web", at=1)
    story.call(service="bank", on="b", parent=root, at=2)
    story.send("m", service="bank", on="b", at=3)
    story.receive("m", service="mail", on="m", at=9)
    assert times(story) == ()


def test_one_service_has_no_calls() -> None:
    story = Story()
    story.http(lasts_ms=3)
    assert times(story) == ()
