"""The part of an OTLP trace document that has a meaning here, as typed structs.

The structs decode OTLP/JSON directly: keys in lowerCamelCase, ids as hex text, 64-bit integers as
decimal strings, null for "not sent", unknown fields ignored. Any other encoding fills the same structs.

Source: opentelemetry-proto, `trace/v1/trace.proto`, and the OTLP specification, "JSON Protobuf Encoding".
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Fixed64: TypeAlias = int | float | str | None
"""A 64-bit integer; null is 0, as in protobuf."""


class _Message(msgspec.Struct, frozen=True, gc=False, rename="camel", kw_only=True):
    """Base of the messages."""


class ArrayValue(_Message, frozen=True):
    values: tuple[AnyValue, ...] | None = None


class KeyValueList(_Message, frozen=True):
    values: tuple[KeyValue, ...] | None = None


class AnyValue(_Message, frozen=True):
    """At most one field is there."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Fixed64 = None
    double_value: Fixed64 = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None


class KeyValue(_Message, frozen=True):
    key: str = ""
    value: AnyValue | None = None


class Resource(_Message, frozen=True):
    attributes: tuple[KeyValue, ...] | None = None


class SpanEvent(_Message, frozen=True):
    time_unix_nano: Fixed64 = None
    name: str | None = None
    attributes: tuple[KeyValue, ...] | None = None


class SpanLink(_Message, frozen=True):
    trace_id: str | None = None
    span_id: str | None = None
    attributes: tuple[KeyValue, ...] | None = None


class Status(_Message, frozen=True):
    code: int | str | None = None


class OtlpSpan(_Message, frozen=True):
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    name: str | None = None
    kind: int | str | None = None
    start_time_unix_nano: Fixed64 = None
    end_time_unix_nano: Fixed64 = None
    attributes: tuple[KeyValue, ...] | None = None
    events: tuple[SpanEvent, ...] | None = None
    links: tuple[SpanLink, ...] | None = None
    status: Status | None = None


class ScopeSpans(_Message, frozen=True):
    spans: tuple[OtlpSpan, ...] | None = None


class ResourceSpans(_Message, frozen=True):
    """`instrumentation_library_spans` is what `scope_spans` was called before 2022."""

    resource: Resource | None = None
    scope_spans: tuple[ScopeSpans, ...] | None = None
    instrumentation_library_spans: tuple[ScopeSpans, ...] | None = None


class TraceDocument(_Message, frozen=True):
    """An `ExportTraceServiceRequest`, or `TracesData`, which is encoded alike."""

    resource_spans: tuple[ResourceSpans, ...] | None = None
