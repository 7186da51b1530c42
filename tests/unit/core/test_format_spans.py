"""OTLP and Jaeger files: the critical path by its definition, edges, accesses, ids as spelled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from tests.unit.core.span_files import TRACE, Told, jaeger, otlp, told_spans

from raceway_core.causal_graph import CausalGraph, EdgeKind, build_graph
from raceway_core.clock import clocks_of
from raceway_core.critical_path import critical_paths_of
from raceway_core.event import Event, Span, SpanKind, StateChange
from raceway_core.formats import jaeger as jaeger_format
from raceway_core.formats import otlp as otlp_format

Step = tuple[str, int, int]
Path = tuple[str, int, int, list[Step]]

READERS: list[Callable[[list[Told]], list[Event]]] = [
    lambda spans: otlp_format.read(otlp(spans)),
    lambda spans: jaeger_format.read(jaeger(spans)),
]
both = pytest.mark.parametrize("read", READERS, ids=["otlp", "jaeger"])


def paths_of(events: list[Event]) -> list[Path]:
    """Return the paths in µs, with the spans that are on them."""
    return [
        (
            path.root_id,
            path.start_ns // 1000,
            path.end_ns // 1000,
            [(part.span_id, part.start_ns // 1000, part.end_ns // 1000) for part in path.segments],
        )
        for path in critical_paths_of(build_graph(events))
    ]


def defined_paths(spans: list[Told]) -> list[Path]:
    """Return the paths as they are defined: the slow way, from the spans themselves."""
    ids = {span.id for span in spans}
    roots = sorted((span.begin, span.id, span) for span in spans if span.parent not in ids)
    return [
        (
            root.id,
            root.begin,
            root.begin + root.length,
            _merged(_walk(spans, root, begin, begin + root.length)),
        )
        for begin, _, root in roots
    ]


def _walk(spans: list[Told], span: Told, begin: int, end: int) -> Iterator[Step]:
    children = [child for child in spans if child.parent == span.id and not _is_detached(child, span)]
    taken: list[tuple[int, int, Told]] = []
    cursor = end
    for child in sorted(children, key=lambda child: (-child.begin - child.length, child.begin, child.id)):
        first, last = max(child.begin, begin), min(child.begin + child.length, end)
        if first < last <= cursor:
            taken.append((first, last, child))
            cursor = first
    here = begin
    for first, last, child in reversed(taken):
        yield span.id, here, first
        yield from _walk(spans, child, first, last)
        here = last
    yield span.id, here, end


def _is_detached(child: Told, parent: Told) -> bool:
    kinds, elsewhere = (parent.kind, child.kind), child.service != parent.service
    one_side = parent.kind == "producer" or child.kind == "consumer"
    return child.follows_from or kinds == ("producer", "consumer") or (one_side and elsewhere)


def _merged(steps: Iterator[Step]) -> list[Step]:
    merged: list[Step] = []
    for name, begin, end in steps:
        if begin == end:
            continue
        first = merged.pop()[1] if merged and merged[-1][0] == name else begin
        merged.append((name, first, end))
    return merged


@both
@given(spans=told_spans())
def test_the_critical_path_is_as_defined(
    read: Callable[[list[Told]], list[Event]], spans: list[Told]
) -> None:
    assert paths_of(read(spans)) == defined_paths(spans)


@both
def test_what_follows_from_a_span_does_not_delay_it(read: Callable[[list[Told]], list[Event]]) -> None:
    spans = [Told("a1", 0, 50), Told("a2", 5, 40, "a1", follows_from=True), Told("a3", 10, 10, "a1")]
    assert paths_of(read(spans)) == [("a1", 0, 50, [("a1", 0, 10), ("a3", 10, 20), ("a1", 20, 50)])]


@both
def test_what_follows_from_a_span_is_unordered_with_what_that_does_next(
    read: Callable[[list[Told]], list[Event]],
) -> None:
    spans = [Told("a1", 0, 50), Told("a2", 5, 4, "a1", follows_from=True), Told("a3", 10, 10, "a1")]
    assert not happens_before(read(spans), "a2", "a3")
    assert happens_before(read([span._replace(follows_from=False) for span in spans]), "a2", "a3")


@both
def test_time_0_is_a_time_and_a_span_without_length_a_root(read: Callable[[list[Told]], list[Event]]) -> None:
    assert paths_of(read([Told("a1", 0, 0), Told("a2", 0, 7, "a1"), Told("a3", 0, 5)])) == [
        ("a1", 0, 0, []),
        ("a3", 0, 5, [("a3", 0, 5)]),
    ]


@both
def test_a_server_ends_before_its_client_on_any_hosts(read: Callable[[list[Told]], list[Event]]) -> None:
    spans = [Told("a1", 0, 50, kind="client"), Told("a2", 5, 40, "a1", "server", "bank")]
    assert edges_of(build_graph(read(spans))) == {
        ("a1", "a2", EdgeKind.PARENT),
        ("a2", "a1", EdgeKind.RESPONSE),
    }
    too_late = [spans[0], spans[1]._replace(length=60)]
    assert edges_of(build_graph(read(too_late))) == {("a1", "a2", EdgeKind.PARENT)}


def edges_of(graph: CausalGraph) -> set[tuple[str, str, EdgeKind]]:
    id_of = [graph.events[event].id for event in graph.event_of]
    return {(id_of[edge.source], id_of[edge.target], edge.kind) for edge in graph.edges}


def happens_before(events: list[Event], first: str, second: str) -> bool:
    graph = build_graph(events)
    numbers = {event.id: number for number, event in enumerate(graph.events)}
    return clocks_of(graph).happens_before(numbers[first], numbers[second])  # type: ignore[index]


def otlp_span(**said: Any) -> dict[str, Any]:
    return {"traceId": TRACE, "spanId": "a1", "startTimeUnixNano": "5", "endTimeUnixNano": "9"} | said


def otlp_file(*spans: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def test_a_link_orders_and_does_not_take_a_root_its_path() -> None:
    links = [{"traceId": TRACE, "spanId": "A1"}, {"traceId": "ff", "spanId": "a1"}, {"spanId": "a2"}]
    events = otlp_format.read(otlp_file(otlp_span(), otlp_span(spanId="a2", links=links)))
    assert edges_of(build_graph(events)) == {("a1", "a2", EdgeKind.LINK)}
    assert [path[0] for path in paths_of(events)] == ["a1", "a2"]


def test_ids_that_differ_in_case_are_one_and_keep_their_first_spelling() -> None:
    child = otlp_span(traceId=TRACE.upper(), spanId="B2", parentSpanId="AA")
    root, inner = otlp_format.read(otlp_file(otlp_span(spanId="aA"), child))
    assert (inner.trace_id, inner.parent_id, inner.id) == (TRACE, root.id, "B2")
    assert root.id == "aA"


def test_each_trace_spells_its_span_ids() -> None:
    first, second = otlp_format.read(otlp_file(otlp_span(spanId="aA"), otlp_span(traceId="ff", spanId="Aa")))
    assert (first.id, second.id) == ("aA", "Aa")


def test_a_span_keeps_its_own_spelling_wherever_it_stands() -> None:
    child, root = otlp_format.read(
        otlp_file(otlp_span(spanId="b2", parentSpanId="AA"), otlp_span(spanId="aa"))
    )
    assert (child.parent_id, root.id) == ("aa", "aa")
    child, root = jaeger_format.read(jaeger([Told("b2", 1, 2, "00aa"), Told("aa", 0, 9)]))
    assert (child.parent_id, root.id) == ("aa", "aa")


@both
def test_spans_that_are_each_others_parents_are_a_cycle_and_have_a_path(
    read: Callable[[list[Told]], list[Event]],
) -> None:
    events = read([Told("a1", 0, 9, "a2"), Told("a2", 1, 5, "a1"), Told("a3", 3, 1, "a3")])
    assert [issue.kind for issue in build_graph(events).clock_issues] == ["cycle", "cycle"]
    assert [path[0] for path in paths_of(events)] == ["a1", "a3"]


def test_ids_of_jaeger_may_lack_leading_zeros() -> None:
    root, child = jaeger_format.read(jaeger([Told("00a1", 0, 9), Told("b2", 1, 2, "a1")]))
    assert (root.id, child.parent_id) == ("00a1", "00a1")


def test_a_jaeger_parent_is_of_the_trace_and_of_the_first_kind() -> None:
    document = json.loads(jaeger([Told("a1", 0, 9), Told("a2", 0, 9), Told("a3", 1, 2, "a1")]))
    document["data"][0]["spans"][2]["references"] = [
        {"refType": "CHILD_OF", "traceID": "beef", "spanID": "a1"},
        {"refType": "FOLLOWS_FROM", "traceID": TRACE, "spanID": "a1"},
        {"refType": "CHILD_OF", "traceID": TRACE, "spanID": "a2"},
    ]
    event = jaeger_format.read(json.dumps(document).encode())[2]
    assert event.parent_id == "a2"
    assert event.payload == Span(name="op a3", span_kind=SpanKind.INTERNAL, links=("a1",))  # type: ignore[arg-type]


def test_numbers_may_be_missing_whole_floats_or_text_and_enums_names() -> None:
    (event,) = otlp_format.read(
        otlp_file(otlp_span(startTimeUnixNano=None, endTimeUnixNano=7.0, kind="SPAN_KIND_CLIENT"))
    )
    assert (event.metadata.start_ns, event.metadata.duration_ns) == (0, 7)
    assert event.payload == Span(name="", span_kind=SpanKind.CLIENT)


def test_a_span_that_was_never_ended_takes_no_time() -> None:
    (event,) = otlp_format.read(otlp_file(otlp_span(endTimeUnixNano="0")))
    assert (event.metadata.start_ns, event.metadata.duration_ns) == (5, 0)


def access(**said: Any) -> dict[str, Any]:
    attributes = [{"key": key, "value": value} for key, value in said.items()]
    return {"name": "raceway.access", "timeUnixNano": "6", "attributes": attributes}


def test_an_access_says_variable_operation_locks_and_what_else_it_knows() -> None:
    locks = {"arrayValue": {"values": [{"stringValue": "l"}, {"stringValue": "m"}]}}
    said = access(
        variable={"stringValue": "x"},
        op={"stringValue": "atomicrmw"},
        lock_set=locks,
        new_value={"intValue": "7"},
    )
    _, event = otlp_format.read(otlp_file(otlp_span(name="pay", events=[{"name": "other"}, said])))
    assert isinstance(event.payload, StateChange)
    assert (event.id, event.parent_id, event.timestamp, event.lock_set) == ("a1/1", "a1", 6, ("l", "m"))
    assert (event.payload.variable, event.payload.new_value, event.payload.location) == ("x", 7, "pay")


def test_accesses_of_overlapping_spans_race_and_those_of_one_span_do_not() -> None:
    x, write = {"stringValue": "x"}, {"stringValue": "Write"}
    events = [access(variable=x, op=write)] * 2
    one = otlp_format.read(otlp_file(otlp_span(events=events)))
    assert happens_before(one, "a1/0", "a1/1")
    root = otlp_span(spanId="aa")
    left = otlp_span(parentSpanId="aa", events=events[:1])
    right = otlp_span(parentSpanId="aa", spanId="a2", startTimeUnixNano="6", events=events[:1])
    two = otlp_format.read(otlp_file(root, left, right))
    assert not happens_before(two, "a1/0", "a2/0")
    assert not happens_before(two, "a2/0", "a1/0")


def test_accesses_in_jaegers_logs() -> None:
    document = json.loads(jaeger([Told("a1", 0, 9)]))
    fields = {"event": "raceway.access", "variable": "x", "op": "read"}
    document["data"][0]["spans"][0]["logs"] = [
        {"timestamp": 3, "fields": [{"key": key, "value": value} for key, value in fields.items()]}
    ]
    _, event = jaeger_format.read(json.dumps(document).encode())
    assert isinstance(event.payload, StateChange)
    assert (event.id, event.timestamp) == ("a1/0", 3000)
