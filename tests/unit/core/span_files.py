"""Spans as a test tells them, and as files of tracers: one story in two formats."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

TRACE = "5b8efff798038103d269b633813fc60c"
KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")


class Told(NamedTuple):
    """A span: times in µs, `parent` a span id or empty, `detached` a parent that did not wait."""

    id: str
    begin: int
    length: int
    parent: str = ""
    kind: str = "internal"
    service: str = "web"
    follows_from: bool = False


def otlp(spans: list[Told]) -> bytes:
    """Write a document with a resource for each span."""
    return json.dumps({"resourceSpans": [_resource(span) for span in spans]}).encode()


def _resource(span: Told) -> dict[str, Any]:
    link = {
        "traceId": TRACE,
        "spanId": span.parent,
        "attributes": _attributes("opentracing.ref_type", "follows_from"),
    }
    return {
        "resource": {"attributes": _attributes("service.name", span.service)},
        "scopeSpans": [
            {
                "spans": [
                    {
                        "traceId": TRACE,
                        "spanId": span.id,
                        "parentSpanId": span.parent,
                        "name": f"op {span.id}",
                        "kind": KINDS.index(span.kind),
                        "startTimeUnixNano": str(span.begin * 1000),
                        "endTimeUnixNano": str((span.begin + span.length) * 1000),
                        "links": [link] if span.follows_from else [],
                    }
                ]
            }
        ],
    }


def _attributes(key: str, value: str) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}}]


def jaeger(spans: list[Told]) -> bytes:
    """Write an export with a process for each service."""
    processes = {span.service: {"serviceName": span.service, "tags": []} for span in spans}
    trace = {"traceID": TRACE, "spans": [_span(span) for span in spans], "processes": processes}
    return json.dumps({"data": [trace]}).encode()


def _span(span: Told) -> dict[str, Any]:
    kind = "FOLLOWS_FROM" if span.follows_from else "CHILD_OF"
    return {
        "traceID": TRACE,
        "spanID": span.id,
        "operationName": f"op {span.id}",
        "references": [{"refType": kind, "traceID": TRACE, "spanID": span.parent}] if span.parent else [],
        "startTime": span.begin,
        "duration": span.length,
        "tags": [] if span.kind == "unspecified" else [{"key": "span.kind", "value": span.kind}],
        "processID": span.service,
    }


@st.composite
def told_spans(draw: st.DrawFn) -> list[Told]:
    """Draw a forest: parents that come earlier in the list, or are absent from the file."""
    spans: list[Told] = []
    for number in range(draw(st.integers(1, 9))):
        parents = ["", "f00d", *(span.id for span in spans)]
        parent = draw(st.sampled_from(parents[-4:] if number > 1 else parents))
        spans.append(
            Told(
                id=f"a{number}",
                begin=draw(st.integers(0, 12)),
                length=draw(st.integers(0, 12)),
                parent=parent,
                kind=draw(st.sampled_from(KINDS)),
                service=draw(st.sampled_from(["web", "bank"])),
                follows_from=bool(parent) and draw(st.integers(0, 4)) == 0,
            )
        )
    return draw(st.permutations(spans))
