"""OTLP/JSON: what OpenTelemetry exporters and the Collector's file exporter write.

A file is one document `{"resourceSpans": […]}` or one a line; lines with metrics or logs hold no
spans. How spans become events: `raceway_core.otlp.mapping`.

Source: the OTLP specification, "JSON Protobuf Encoding"; the OpenTelemetry Protocol File Exporter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from raceway_core.errors import Rejected
from raceway_core.event import Event
from raceway_core.formats.json_text import Document, decode, documents, keys
from raceway_core.formats.spelling import Spelling
from raceway_core.formats.text import Text, text_of
from raceway_core.otlp.document import TraceDocument
from raceway_core.otlp.mapping import SpanMapper, spans_in

EXPECTED = 'OTLP JSON {"resourceSpans": […]}, one document or one a line'

SIGNALS = frozenset({"resourceSpans", "resourceMetrics", "resourceLogs", "resourceProfiles"})
"""The keys by which a document of OTLP is known."""

_decoder = msgspec.json.Decoder(TraceDocument)


def reader() -> Callable[[Text], Iterator[Event]]:
    """Return what takes the events of one file after another, document by document.

    Time: O(n).

    Raises:
        Rejected: Something is not of the format; the message names the line and the field.
    """
    spelling = Spelling(str.lower)
    return lambda text: (event for document in documents(text) for event in _events(document, spelling))


def read(data: bytes) -> list[Event]:
    """Return the events of a file, in its order."""
    return [*reader()(text_of(data))]


def _events(document: Document, spelling: Spelling) -> Iterator[Event]:
    decoded = decode(document, _decoder, EXPECTED)
    if decoded.resource_spans is None and (found := list(keys(document.text))) and not SIGNALS & {*found}:
        raise Rejected(f"line {document.line}: expected {EXPECTED}, got an object with {found[0][:40]!r}")
    mapper = SpanMapper(spelling)
    try:
        spans = [*spans_in(decoded)]
        for _, _, span in spans:
            spelling(span.span_id or "", spelling(span.trace_id or ""))
        for placed in spans:
            yield from mapper.events(placed)
    except Rejected as error:
        line = document.line_of(str(error).partition(":")[0])
        raise Rejected(f"line {line}: {error}") from error
