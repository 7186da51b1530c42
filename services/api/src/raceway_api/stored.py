"""What is stored of a trace, read so that all of it is of one analysis.

Row, sections and events are read one after another while the analyzer may replace them. The row is
therefore read again at the end, and everything once more when it has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import anyio.to_thread
import msgspec

from raceway_api.order import OrderedEvents, ordered
from raceway_common.errors import NotFound
from raceway_common.packing import (
    unpack_audit_trails,
    unpack_critical_paths,
    unpack_event_notes,
    unpack_races,
)
from raceway_common.ports.event_store import EventStore, StoredTrace
from raceway_common.ports.trace_store import Section, TraceRow, TraceStore
from raceway_core.batch import decode_events
from raceway_core.event import EventId, HeldLock, TraceId
from raceway_core.finding import Example
from raceway_core.result import AuditTrail, CriticalPath, EventNote

MOST_ATTEMPTS = 3

Item = TypeVar("Item")


class StoredResult(msgspec.Struct, frozen=True, kw_only=True):
    """A trace's events, and the results of its last analysis. `row` is None before the first."""

    trace_id: TraceId
    row: TraceRow | None
    version: int
    ordered: OrderedEvents
    races: Sequence[Example]
    audit_trails: Sequence[AuditTrail]
    critical_paths: Sequence[CriticalPath]
    notes: Mapping[EventId, EventNote]

    @property
    def as_of(self) -> int:
        """The version of the events that the analysis has seen; 0 before the first."""
        return self.row.as_of if self.row else 0

    def lockset(self, event_id: EventId) -> tuple[HeldLock, ...] | None:
        """Return the locks that were held at an event; None if its analysis has not been done.

        The analysis leaves no note of an event of which it has nothing to say.
        """
        if note := self.notes.get(event_id):
            return note.lockset
        return () if self.as_of == self.version else None

    def clock(self, event_id: EventId) -> tuple[tuple[str, int], ...]:
        """Return the vector clock of an event; empty if it was not kept, or not computed yet."""
        note = self.notes.get(event_id)
        return note.clock if note else ()

    @property
    def duration_ns(self) -> int:
        """From the first recording time to the last."""
        times = [event.time_ns for event in self.ordered.events]
        return max(times) - min(times) if times else 0


class _Parts(msgspec.Struct, frozen=True):
    row: TraceRow | None
    stored: StoredTrace | None
    sections: Mapping[Section, bytes]


class StoredTraces:
    """Reads whole traces. Decoding happens in a thread, since a trace may be large."""

    def __init__(self, events: EventStore, traces: TraceStore) -> None:
        self._events = events
        self._traces = traces

    async def read(self, trace_id: TraceId, wanted: Sequence[Section]) -> StoredResult:
        """Return a trace with the `wanted` sections; the others are empty.

        Raises:
            NotFound: Nothing is stored of it.
        """
        for _ in range(MOST_ATTEMPTS):
            parts = await self._parts(trace_id, wanted)
            row = await self._traces.row(trace_id)
            if (row and row.as_of) == (parts.row and parts.row.as_of):
                break
        if parts.stored is None:
            raise NotFound(f"no trace {trace_id} is stored")
        return await anyio.to_thread.run_sync(_decoded, trace_id, parts.stored, parts)

    async def _parts(self, trace_id: TraceId, wanted: Sequence[Section]) -> _Parts:
        row = await self._traces.row(trace_id)
        sections = {section: await self._traces.section(trace_id, section) for section in wanted}
        stored = (await self._events.read([trace_id])).get(trace_id)
        return _Parts(row, stored, {name: body for name, body in sections.items() if body is not None})


def _decoded(trace_id: TraceId, stored: StoredTrace, parts: _Parts) -> StoredResult:
    sections = parts.sections
    notes = _unpacked(sections, Section.EVENT_NOTES, unpack_event_notes)
    return StoredResult(
        trace_id=trace_id,
        row=parts.row,
        version=stored.version,
        ordered=ordered(decode_events(stored.chunks)),
        races=_unpacked(sections, Section.RACES, unpack_races),
        audit_trails=_unpacked(sections, Section.AUDIT_TRAILS, unpack_audit_trails),
        critical_paths=_unpacked(sections, Section.CRITICAL_PATHS, unpack_critical_paths),
        notes={note.event_id: note for note in notes},
    )


def _unpacked(
    sections: Mapping[Section, bytes], name: Section, unpack: Callable[[bytes], Sequence[Item]]
) -> Sequence[Item]:
    return unpack(sections[name]) if name in sections else ()
