"""Spans of an OTLP document as events (`raceway_core.tracing.span_record` tells how).

Ids are hexadecimal and may be of either case; how an id is given back is the caller's choice. An id
that is all zeros is none. A parent that a link calls `follows_from`, as OpenTracing's shim does, did
not wait; other links to spans of the trace are links, those to other traces say nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from raceway_core.errors import Rejected
from raceway_core.event import Event, EventId, Metadata, Span, SpanKind, TraceId
from raceway_core.otlp.attribute import unsigned, values_of
from raceway_core.otlp.document import OtlpSpan, ResourceSpans, ScopeSpans, TraceDocument
from raceway_core.tracing.access import EVENT_NAME
from raceway_core.tracing.source import source_of, text_of
from raceway_core.tracing.span_record import SpanNote, SpanRecord, events_of

_KINDS: Mapping[int | str | None, SpanKind] = {
    **dict(enumerate(SpanKind)),
    **{f"SPAN_KIND_{kind.name}": kind for kind in SpanKind},
}
_ERRORS = (2, "STATUS_CODE_ERROR")


class PlacedSpan(NamedTuple):
    """A span of a document: its path in the document, and what recorded it."""

    path: str
    source: Metadata
    span: OtlpSpan


def spans_in(document: TraceDocument) -> Iterator[PlacedSpan]:
    """Yield the spans of a document, in its order.

    Raises:
        Rejected: A resource cannot be used; the message begins with its path.
    """
    for index, group in enumerate(document.resource_spans or ()):
        path = f"resourceSpans[{index}]"
        said = values_of(f"{path}.resource.attributes", group.resource.attributes if group.resource else ())
        source = source_of(text_of(said.get("service.name")), said)
        for key, scopes in _scopes(group):
            for place, scope in enumerate(scopes):
                for number, span in enumerate(scope.spans or ()):
                    yield PlacedSpan(f"{path}.{key}[{place}].spans[{number}]", source, span)


def _scopes(group: ResourceSpans) -> Iterator[tuple[str, Sequence[ScopeSpans]]]:
    yield "scopeSpans", group.scope_spans or ()
    yield "instrumentationLibrarySpans", group.instrumentation_library_spans or ()


def in_lower_case(text: str, _within: str = "") -> str:
    """Spell an id as the specification does."""
    return text.lower()


class SpanMapper:
    """Makes events of spans.

    `spell` gives ids that are the same in one spelling: the id of a trace, or that of a span and
    the trace that it is within.
    """

    def __init__(self, spell: Callable[[str, str], str] = in_lower_case) -> None:
        self._spell = spell

    def events(self, placed: PlacedSpan) -> Iterator[Event]:
        """Yield a span's own event, then its accesses.

        Raises:
            Rejected: The span cannot be used; the message begins with the path of what is wrong.
        """
        yield from events_of(self._record(placed))

    def _record(self, placed: PlacedSpan) -> SpanRecord:
        span, path = placed.span, placed.path
        trace_id = TraceId(self._id(f"{path}.traceId", span.trace_id))
        parent_id = self._span_id(span.parent_span_id, trace_id)
        return SpanRecord(
            path=path,
            trace_id=trace_id,
            span_id=EventId(self._id(f"{path}.spanId", span.span_id, trace_id)),
            parent_id=parent_id,
            payload=self._payload(placed, trace_id, parent_id),
            begin_ns=unsigned(f"{path}.startTimeUnixNano", span.start_time_unix_nano),
            finish_ns=unsigned(f"{path}.endTimeUnixNano", span.end_time_unix_nano),
            source=placed.source,
            attributes=values_of(f"{path}.attributes", span.attributes),
            accesses=[*_accesses(placed)],
        )

    def _payload(self, placed: PlacedSpan, trace_id: TraceId, parent_id: EventId | None) -> Span:
        span = placed.span
        follows_from = False
        links: dict[EventId, None] = {}
        for number, link in enumerate(span.links or ()):
            linked = self._span_id(link.span_id, trace_id)
            if linked is None or (link.trace_id and self._spell(link.trace_id, "") != trace_id):
                continue
            if linked == parent_id:
                said = values_of(f"{placed.path}.links[{number}].attributes", link.attributes)
                follows_from |= said.get("opentracing.ref_type") == "follows_from"
            else:
                links[linked] = None
        return Span(
            name=span.name or "",
            span_kind=_KINDS.get(span.kind, SpanKind.UNSPECIFIED),
            follows_from=follows_from,
            links=tuple(links),
            is_error=span.status is not None and span.status.code in _ERRORS,
        )

    def _id(self, path: str, text: str | None, within: str = "") -> str:
        if text is None or not text.strip("0"):
            raise Rejected(f"{path}: expected an id that is not all zeros, got {text!r:.40}")
        return self._spell(text, within)

    def _span_id(self, text: str | None, trace_id: TraceId) -> EventId | None:
        return EventId(self._spell(text, trace_id)) if text and text.strip("0") else None


def _accesses(placed: PlacedSpan) -> Iterator[SpanNote]:
    for number, said in enumerate(placed.span.events or ()):
        if said.name == EVENT_NAME:
            path = f"{placed.path}.events[{number}]"
            time_ns = unsigned(f"{path}.timeUnixNano", said.time_unix_nano)
            attributes = values_of(f"{path}.attributes", said.attributes)
            yield SpanNote(f"{path}.attributes", number, time_ns, attributes)
