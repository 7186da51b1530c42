"""A span as events.

A span is one event with a measured interval, so it has a start and an end in the causal graph. It
names its parent, its links within the trace, and what kind of call it was; of its own events only
those named `raceway.access` say something about causality (`raceway_core.tracing.access`), and none
lengthens it. A span that was never ended, or ended before it began, takes no time.

Neither a thread nor any attribute names what ran a span: one thread runs many asynchronous tasks, and
taking it for one of them would hide races.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from raceway_core.errors import Rejected
from raceway_core.event import Event, EventId, JsonValue, Metadata, Span, TraceId, kind_of
from raceway_core.time import FIRST_NS, LAST_NS
from raceway_core.tracing.access import EVENT_NAME, access_of
from raceway_core.tracing.source import texts_of


class SpanNote(NamedTuple):
    """A `raceway.access` of a span. `path` is where in the document its attributes stand."""

    path: str
    number: int
    time_ns: int
    attributes: Mapping[str, JsonValue]


class SpanRecord(NamedTuple):
    """What a span says. `path` is where in the document it stands."""

    path: str
    trace_id: TraceId
    span_id: EventId
    parent_id: EventId | None
    payload: Span
    begin_ns: int
    finish_ns: int
    source: Metadata
    attributes: Mapping[str, JsonValue]
    accesses: Sequence[SpanNote]


def events_of(record: SpanRecord) -> Iterator[Event]:
    """Yield a span's own event, then its accesses.

    Raises:
        Rejected: Something is out of range, or an access is none; the message begins with the path.
    """
    begin_ns, finish_ns = record.begin_ns, max(record.begin_ns, record.finish_ns)
    if not FIRST_NS <= begin_ns <= finish_ns <= LAST_NS:
        raise Rejected(f"{record.path}: expected times from 1678 to 2261, got {begin_ns} to {finish_ns} ns")
    source = msgspec.structs.replace(record.source, distributed_span_id=record.span_id)
    yield Event(
        id=record.span_id,
        trace_id=record.trace_id,
        parent_id=record.parent_id,
        timestamp=begin_ns,
        kind=kind_of(record.payload),
        metadata=msgspec.structs.replace(
            source,
            upstream_span_id=record.parent_id,
            start_ns=begin_ns,
            duration_ns=finish_ns - begin_ns,
            tags=texts_of(record.attributes) or None,
        ),
    )
    for access in record.accesses:
        yield _access(record, access, source)


def _access(record: SpanRecord, access: SpanNote, source: Metadata) -> Event:
    if not FIRST_NS <= access.time_ns <= LAST_NS:
        raise Rejected(f"{access.path}: expected a time from 1678 to 2261, got {access.time_ns} ns")
    try:
        change, locks = access_of(access.attributes, record.payload.name)
    except Rejected as error:
        raise Rejected(f"{access.path}: {EVENT_NAME}: {error}") from error
    return Event(
        id=EventId(f"{record.span_id}/{access.number}"),
        trace_id=record.trace_id,
        parent_id=record.span_id,
        timestamp=access.time_ns,
        kind=kind_of(change),
        metadata=source,
        lock_set=locks,
    )
