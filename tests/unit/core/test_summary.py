"""What a trace is in one line: services, calls, and whether anything is missing."""

from __future__ import annotations

from tests.unit.core.build import MS, NOON_NS, Story

from raceway_core.causal_graph import build_graph
from raceway_core.event import DatabaseQuery, HttpRequest, TraceId
from raceway_core.event_set import distinct
from raceway_core.link import link_of
from raceway_core.result import Call, Link, ServiceCount, TraceSummary
from raceway_core.summary import summary_of


def summary(story: Story) -> TraceSummary:
    return summary_of(TraceId("t1"), build_graph(story.events))


def test_services_are_counted_by_events_and_calls_by_ways_into_a_service() -> None:
    bank = Story()
    request = bank.http(service="web", parent=bank.call(service="web"))
    for _ in range(3):
        bank.write("x", service="bank", parent=request)
    bank.write("x", service="bank", parent=bank.http(service="web"))
    found = summary(bank)
    assert found.services == (ServiceCount("bank", 4), ServiceCount("web", 3))
    assert found.calls == (Call("web", "bank", 2, Link.HTTP),)


def test_calls_by_span_and_by_message() -> None:
    bank = Story()
    bank.http(service="web", span="s1")
    bank.http(service="bank", span="s2", upstream="s1")
    bank.write("x", service="bank", span="s2", upstream="s1")
    bank.send("m", service="bank")
    bank.receive("m", service="mail")
    assert summary(bank).calls == (Call("bank", "mail", 1, Link.MESSAGE), Call("web", "bank", 1, Link.HTTP))


def test_a_call_says_by_what_it_was_made_where_an_event_tells() -> None:
    bank = Story()
    bank.write("x", service="ledger", parent=bank.call(service="bank"))
    bank.write("x", service="bank", span="s2", upstream="s1")
    bank.write("x", service="mail", span="s3", upstream="s1")
    bank.write("x", service="web", span="s1")
    assert summary(bank).calls == (
        Call("bank", "ledger", 1, Link.CUSTOM),
        Call("web", "bank", 1, Link.CUSTOM),
        Call("web", "mail", 1, Link.CUSTOM),
    )
    bank.http(service="web", span="s1")
    bank.receive("unseen", service="mail", span="s3", upstream="s1")
    assert summary(bank).calls == (
        Call("bank", "ledger", 1, Link.CUSTOM),
        Call("web", "bank", 1, Link.HTTP),
        Call("web", "mail", 1, Link.HTTP),
    )


def test_a_request_that_a_span_received_says_nothing_of_what_it_sent() -> None:
    bank = Story()
    bank.http(service="web", span="s1", upstream="s0")
    bank.write("x", service="bank", span="s2", upstream="s1")
    assert summary(bank).calls == (Call("web", "bank", 1, Link.CUSTOM),)


def test_a_query_tells_of_what_it_led_to_but_not_of_its_span() -> None:
    bank = Story()
    query = bank.event(DatabaseQuery("select 1"), service="bank", span="s1")
    bank.write("x", service="store", parent=query)
    bank.write("x", service="mail", span="s2", upstream="s1")
    assert summary(bank).calls == (
        Call("bank", "mail", 1, Link.CUSTOM),
        Call("bank", "store", 1, Link.DATABASE),
    )


def test_grpc_is_told_by_its_content_type() -> None:
    plain, grpc = (
        HttpRequest("POST", "/x", {"Content-Type": kind})
        for kind in ("application/json", "application/grpc+proto")
    )
    odd = HttpRequest("POST", "/x", {"content-type": ["application/grpc"]})
    assert [link_of(each) for each in (plain, grpc, odd)] == [Link.HTTP, Link.GRPC, Link.HTTP]


def test_a_summary_covers_measured_intervals() -> None:
    bank = Story()
    bank.call(began=-5, lasts_ms=3)
    bank.write("x", at=4)
    found = summary(bank)
    assert (found.first_ns, found.last_ns) == (NOON_NS - 5 * MS, NOON_NS + 4 * MS)
    assert (found.event_count, found.is_complete) == (2, True)


def test_a_parent_never_seen_makes_a_trace_incomplete() -> None:
    bank = Story()
    bank.write("x", parent=Story().call(id="lost"))
    found = summary(bank)
    assert (found.missing_parents, found.is_complete) == (1, False)


def test_a_task_that_has_not_begun_makes_a_trace_incomplete() -> None:
    bank = Story(task="main")
    bank.spawn("a")
    assert not summary(bank).is_complete
    bank.write("x", task="a")
    assert summary(bank).is_complete


def test_a_request_without_an_answer_makes_a_trace_incomplete() -> None:
    bank = Story()
    bank.http()
    assert not summary(bank).is_complete
    bank.answer()
    assert summary(bank).is_complete


def test_issues_are_counted_by_kind() -> None:
    bank = Story(instance="i", task="t")
    for _ in range(3):
        bank.write("x", clock=(("bank#i#t", 1),))
    assert summary(bank).clock_issues == {"duplicate_place": 2}


def test_a_set_of_events_is_in_the_order_of_time_then_id() -> None:
    bank = Story()
    late, first = bank.write("x", at=2, id="a"), bank.write("x", at=1, id="b")
    also_late = bank.write("x", at=2, id="0")
    unique, _, conflicts = distinct([*bank.events, late])
    assert (unique, conflicts) == ([first, also_late, late], 0)
