"""Jaeger's JSON: what its UI and its query API export, `{"data": [{"traceID", "spans", "processes"}]}`.

`startTime` and `duration` are microseconds. The parent of a span is its first `CHILD_OF` reference
within the trace, else its first `FOLLOWS_FROM`, which did not wait for it; its other references within
the trace are links. Ids are hexadecimal, with or without leading zeros, and given back as spelled at
first. How spans become events: `raceway_core.tracing.span_record`; an access is a log whose field
`event` is `raceway.access`.

Sources: Jaeger's `model/json/model.go` and `model/span.go` (`ParentSpanID`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

import msgspec

from raceway_core.errors import Rejected
from raceway_core.event import Event, EventId, JsonValue, Metadata, Span, SpanKind, TraceId
from raceway_core.formats.jaeger_document import (
    JaegerDocument,
    JaegerProcess,
    JaegerSpan,
    JaegerTrace,
    KeyValue,
    Micros,
    Reference,
)
from raceway_core.formats.json_text import Document, decode, documents, keys
from raceway_core.formats.spelling import Spelling
from raceway_core.formats.text import Text, text_of
from raceway_core.tracing.access import EVENT_NAME
from raceway_core.tracing.source import source_of
from raceway_core.tracing.span_record import SpanNote, SpanRecord, events_of

EXPECTED = 'Jaeger\'s JSON {"data": [{"traceID", "spans", "processes"}]}'

_CHILD_OF, _FOLLOWS_FROM = "CHILD_OF", "FOLLOWS_FROM"

_document = msgspec.json.Decoder(JaegerDocument)
_trace = msgspec.json.Decoder(JaegerTrace)


def reader() -> Callable[[Text], Iterator[Event]]:
    """Return what takes the events of one file after another, document by document.

    Time: O(n).

    Raises:
        Rejected: Something is not of the format; the message names the line and the field.
    """
    state = _Reader()
    return lambda text: (event for document in documents(text) for event in _events(document, state))


def read(data: bytes) -> list[Event]:
    """Return the events of a file, in its order."""
    return [*reader()(text_of(data))]


def _events(document: Document, reader: _Reader) -> Iterator[Event]:
    if next((key for key in keys(document.text) if key in {"data", "spans"}), "data") == "spans":
        traces = [("", decode(document, _trace, EXPECTED))]
    else:
        decoded = decode(document, _document, EXPECTED)
        traces = [(f"data[{index}].", trace) for index, trace in enumerate(decoded.data or ())]
    try:
        for path, trace in traces:
            yield from reader.events(path, trace)
    except Rejected as error:
        line = document.line_of(str(error).partition(":")[0])
        raise Rejected(f"line {line}: {error}") from error


class _Parent(NamedTuple):
    """What the references of a span say."""

    parent_id: EventId | None
    follows_from: bool
    links: tuple[EventId, ...]


class _Reader:
    def __init__(self) -> None:
        self._spell = Spelling(_plain)

    def events(self, path: str, trace: JaegerTrace) -> Iterator[Event]:
        sources = {name: _source(process) for name, process in (trace.processes or {}).items()}
        for span in trace.spans or ():
            self._spell(span.span_id, self._spell(span.trace_id or trace.trace_id or ""))
        for number, span in enumerate(trace.spans or ()):
            place = f"{path}spans[{number}]"
            trace_id = self._id(f"{place}.traceID", span.trace_id or trace.trace_id)
            source = _source(span.process) if span.process else sources.get(span.process_id or "")
            if source is None:
                raise Rejected(
                    f"{place}.processID: expected one of the trace's processes, got {span.process_id!r:.40}"
                )
            yield from events_of(self._record(place, span, TraceId(trace_id), source))

    def _record(self, path: str, span: JaegerSpan, trace_id: TraceId, source: Metadata) -> SpanRecord:
        tags = _values(span.tags)
        parent = self._parent(span, trace_id)
        begin_ns = _ns(f"{path}.startTime", span.start_time)
        return SpanRecord(
            path=path,
            trace_id=trace_id,
            span_id=EventId(self._id(f"{path}.spanID", span.span_id, trace_id)),
            parent_id=parent.parent_id,
            payload=Span(
                name=span.operation_name or "",
                span_kind=_KINDS.get(str(tags.get("span.kind")).lower(), SpanKind.UNSPECIFIED),
                follows_from=parent.follows_from,
                links=parent.links,
                is_error=tags.get("error") in (True, "true") or tags.get("otel.status_code") == "ERROR",
            ),
            begin_ns=begin_ns,
            finish_ns=begin_ns + _ns(f"{path}.duration", span.duration),
            source=source,
            attributes=tags,
            accesses=[*_accesses(path, span)],
        )

    def _parent(self, span: JaegerSpan, trace_id: TraceId) -> _Parent:
        references = [
            reference
            for reference in span.references or ()
            if reference.span_id and (not reference.trace_id or self._spell(reference.trace_id) == trace_id)
        ]
        chosen = _first(references, _CHILD_OF) or _first(references, _FOLLOWS_FROM)
        if chosen is None:
            parent_id = self._spell(span.parent_span_id, trace_id) if span.parent_span_id else None
            return _Parent(None if parent_id is None else EventId(parent_id), follows_from=False, links=())
        parent_id = self._spell(chosen.span_id or "", trace_id)
        others = dict.fromkeys(EventId(self._spell(other.span_id or "", trace_id)) for other in references)
        links = tuple(other for other in others if other != parent_id)
        return _Parent(EventId(parent_id), chosen.ref_type == _FOLLOWS_FROM, links)

    def _id(self, path: str, text: str | None, within: str = "") -> str:
        if not text:
            raise Rejected(f"{path}: expected an id, got {text!r}")
        return self._spell(text, within)


_KINDS: Mapping[str, SpanKind] = {kind.value: kind for kind in SpanKind}


def _plain(text: str) -> str:
    return text.lower().lstrip("0")


def _first(references: Iterable[Reference], kind: str) -> Reference | None:
    return next((reference for reference in references if reference.ref_type == kind), None)


def _source(process: JaegerProcess) -> Metadata:
    return source_of(process.service_name or "", _values(process.tags))


def _values(pairs: Sequence[KeyValue] | None) -> dict[str, JsonValue]:
    return {pair.key: pair.value for pair in pairs or ()}


def _ns(path: str, value: Micros) -> int:
    if not isfinite(value) or abs(value) >= 2**63:
        raise Rejected(f"{path}: expected microseconds, got {value}")
    return value * 1000 if type(value) is int else round(value * 1000)


def _accesses(path: str, span: JaegerSpan) -> Iterator[SpanNote]:
    for number, log in enumerate(span.logs or ()):
        fields = _values(log.fields)
        if fields.get("event") == EVENT_NAME:
            place = f"{path}.logs[{number}]"
            yield SpanNote(f"{place}.fields", number, _ns(f"{place}.timestamp", log.timestamp), fields)
