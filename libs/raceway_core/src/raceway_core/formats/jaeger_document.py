"""The part of a Jaeger export that has a meaning here, as typed structs.

Source: Jaeger, `model/json/model.go`, the JSON of its query API.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from raceway_core.event import JsonValue

Micros: TypeAlias = int | float
"""Microseconds, of a time since the epoch or of a duration."""


class KeyValue(msgspec.Struct, frozen=True, gc=False):
    key: str = ""
    value: JsonValue = None


class Reference(msgspec.Struct, frozen=True, gc=False):
    ref_type: str | None = msgspec.field(name="refType", default=None)
    trace_id: str | None = msgspec.field(name="traceID", default=None)
    span_id: str | None = msgspec.field(name="spanID", default=None)


class Log(msgspec.Struct, frozen=True, gc=False):
    timestamp: Micros = 0
    fields: tuple[KeyValue, ...] | None = None


class JaegerProcess(msgspec.Struct, frozen=True, gc=False):
    service_name: str | None = msgspec.field(name="serviceName", default=None)
    tags: tuple[KeyValue, ...] | None = None


class JaegerSpan(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """`process` is the process itself, where a span brings it along."""

    trace_id: str | None = msgspec.field(name="traceID", default=None)
    span_id: str = msgspec.field(name="spanID")
    parent_span_id: str | None = msgspec.field(name="parentSpanID", default=None)
    operation_name: str | None = msgspec.field(name="operationName", default=None)
    references: tuple[Reference, ...] | None = None
    start_time: Micros = msgspec.field(name="startTime")
    duration: Micros = 0
    tags: tuple[KeyValue, ...] | None = None
    logs: tuple[Log, ...] | None = None
    process_id: str | None = msgspec.field(name="processID", default=None)
    process: JaegerProcess | None = None


class JaegerTrace(msgspec.Struct, frozen=True, gc=False):
    trace_id: str | None = msgspec.field(name="traceID", default=None)
    spans: tuple[JaegerSpan, ...] | None = None
    processes: dict[str, JaegerProcess] | None = None


class JaegerDocument(msgspec.Struct, frozen=True, gc=False):
    data: tuple[JaegerTrace, ...] | None
