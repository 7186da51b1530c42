"""What is stored of a trace, read so that all of it is of one analysis.

Row, sections and events are read one after another while the analyzer may replace them. The row is
therefore read again at the end, and everything once more when it has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, TypeVarTuple

import anyio.to_thread
import msgspec

from raceway_api.deps import Deps
from raceway_api.order import OrderedEvents, ordered
from raceway_common.chunk import events_in
from raceway_common.errors import NotFound
from raceway_common.packing import (
    unpack_audit_trails,
    unpack_critical_paths,
    unpack_deadlocks,
    unpack_event_notes,
    unpack_isolation,
    unpack_locks,
    unpack_measurements,
    unpack_races,
    unpack_self_times,
)
from raceway_common.ports.event_store import StoredTrace
from raceway_common.ports.trace_store import Section, TraceRow
from raceway_core.event import EventId, HeldLock, TraceId
from raceway_core.finding import Example
from raceway_core.isolation.history import Isolation
from raceway_core.measured import Measurement
from raceway_core.result import AuditTrail, CriticalPath, Deadlock, EventNote, TraceLocks

MOST_ATTEMPTS = 3

Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class StoredResult(msgspec.Struct, frozen=True, kw_only=True):
    """A trace's events, and the results of its last analysis. `row` is None before the first.

    `ordered` is empty when the events were not asked for.
    """

    trace_id: TraceId
    row: TraceRow | None
    version: int
    ordered: OrderedEvents
    races: Sequence[Example]
    audit_trails: Sequence[AuditTrail]
    critical_paths: Sequence[CriticalPath]
    notes: Mapping[EventId, EventNote]
    self_times: Mapping[EventId, int]
    deadlocks: Sequence[Deadlock]
    locks: TraceLocks
    isolation: Isolation | None
    measurements: Sequence[Measurement]

    @property
    def as_of(self) -> int:
        """The version of the events that the analysis has seen; 0 before the first."""
        return _as_of(self.row)

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
        if self.row:
            return self.row.summary.last_ns - self.row.summary.first_ns
        times = [event.time_ns for event in self.ordered.events]
        return max(times) - min(times) if times else 0


class _Parts(msgspec.Struct, frozen=True):
    row: TraceRow | None
    stored: StoredTrace | None
    sections: Mapping[Section, bytes]


class StoredTraces:
    """Reads traces. They are decoded in a thread, since they may be large."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    async def read(self, trace_id: TraceId, *wanted: Section, with_events: bool = False) -> StoredResult:
        """Return a trace with the `wanted` sections; the others are empty.

        Raises:
            NotFound: Nothing is stored of it.
        """
        for _ in range(MOST_ATTEMPTS):
            parts = await self._parts(trace_id, wanted, with_events=with_events)
            if _as_of(await self._deps.traces.row(trace_id)) == _as_of(parts.row):
                break
        if parts.row is None and parts.stored is None:
            raise NotFound(f"no trace {trace_id} is stored")
        return await self.in_thread(_decoded, trace_id, parts)

    async def in_thread(self, work: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Return `work(*arguments)`, done while others are served."""
        return await anyio.to_thread.run_sync(work, *arguments, limiter=self._deps.threads)

    async def _parts(self, trace_id: TraceId, wanted: Sequence[Section], *, with_events: bool) -> _Parts:
        row = await self._deps.traces.row(trace_id)
        sections = {section: await self._deps.traces.section(trace_id, section) for section in wanted}
        known = {section: body for section, body in sections.items() if body is not None}
        if row and not with_events:
            return _Parts(row, None, known)
        return _Parts(row, (await self._deps.events.read([trace_id])).get(trace_id), known)


def _as_of(row: TraceRow | None) -> int:
    return row.as_of if row else 0


def _decoded(trace_id: TraceId, parts: _Parts) -> StoredResult:
    row, stored, sections = parts.row, parts.stored, parts.sections
    notes = _unpacked(sections, Section.EVENT_NOTES, unpack_event_notes)
    times = _unpacked(sections, Section.SELF_TIMES, unpack_self_times)
    return StoredResult(
        trace_id=trace_id,
        row=row,
        version=stored.version if stored else row.version if row else 0,
        ordered=ordered(events_in(stored.chunks)) if stored else OrderedEvents((), ()),
        races=_unpacked(sections, Section.RACES, unpack_races),
        audit_trails=_unpacked(sections, Section.AUDIT_TRAILS, unpack_audit_trails),
        critical_paths=_unpacked(sections, Section.CRITICAL_PATHS, unpack_critical_paths),
        notes={note.event_id: note for note in notes},
        self_times={time.event_id: time.self_ns for time in times},
        deadlocks=_unpacked(sections, Section.DEADLOCKS, unpack_deadlocks),
        locks=unpack_locks(sections[Section.LOCKS]) if Section.LOCKS in sections else TraceLocks(),
        isolation=unpack_isolation(sections[Section.ISOLATION]) if Section.ISOLATION in sections else None,
        measurements=_unpacked(sections, Section.MEASUREMENTS, unpack_measurements),
    )


def _unpacked(
    sections: Mapping[Section, bytes], name: Section, unpack: Callable[[bytes], Sequence[Item]]
) -> Sequence[Item]:
    return unpack(sections[name]) if name in sections else ()
