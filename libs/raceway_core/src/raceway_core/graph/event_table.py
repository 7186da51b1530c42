"""The events of a trace as columns: what every later step asks of an event, read once.

An event is a number, its place in the order of (recording time, id). Its interval is where it began
and finished on its own host's wall clock: `start_ns` says where it began; without it an event with a
duration was recorded at its end. A strand is where an event says it ran: the process together with
the task, or the thread where no task is named. Strands become chains in `raceway_core.graph.chain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import lt
from typing import NamedTuple

from raceway_core.event import Event, EventId, Metadata
from raceway_core.graph.payloads import Payloads
from raceway_core.identity import Process, process_of

NONE = -1
"""The number of an event that is not there."""


class Strand(NamedTuple):
    """Where events say they ran. `task_id` is empty where only a thread was named."""

    process: Process
    task_id: str
    thread_id: str

    @property
    def name(self) -> str:
        """The task, else the thread; empty when neither is known."""
        return self.task_id or self.thread_id

    @property
    def component(self) -> str:
        """Its name in a vector clock."""
        return f"{self.process.service}#{self.process.instance}#{self.name}"


class EventTable(NamedTuple):
    """Columns by event number. `parents` has NONE for a root and for a parent never seen.

    `times` are when events were recorded. `loops` are the cycles of parents that there were; each was
    cut at its first event.
    """

    events: Sequence[Event]
    payloads: Payloads
    number_of: dict[EventId, int]
    parents: list[int]
    times: list[int]
    begins: list[int]
    finishes: list[int]
    strand_of: list[int]
    strands: list[Strand]
    has_intervals: bool
    missing_parents: list[EventId]
    loops: list[list[int]]


def table_of(events: Sequence[Event], times_ns: list[int]) -> EventTable:
    """Return the columns of the events of an `EventSet`. Time: O(n)."""
    number_of = {event.id: number for number, event in enumerate(events)}
    begins, finishes = _intervals(events, times_ns)
    strand_of, strands = _strands(events)
    parents, missing = _parents(events, number_of)
    loops = _cut_loops(parents)
    return EventTable(
        events=events,
        payloads=Payloads(events),
        number_of=number_of,
        parents=parents,
        times=times_ns,
        begins=begins,
        finishes=finishes,
        strand_of=strand_of,
        strands=strands,
        has_intervals=begins is not finishes,
        missing_parents=missing,
        loops=loops,
    )


def _intervals(events: Sequence[Event], times: list[int]) -> tuple[list[int], list[int]]:
    """Return begins and finishes, one list twice when every event is a point."""
    timed = [number for number, event in enumerate(events) if event.metadata.duration_ns]
    if not timed:
        return times, times
    begins, finishes = times.copy(), times.copy()
    for number in timed:
        begins[number], finishes[number] = _interval(events[number].metadata, times[number])
    return begins, finishes


def _interval(metadata: Metadata, time_ns: int) -> tuple[int, int]:
    duration = max(0, int(metadata.duration_ns or 0))
    if metadata.start_ns is None:
        return time_ns - duration, time_ns
    begin = int(metadata.start_ns)
    return begin, begin + duration


def _strands(events: Sequence[Event]) -> tuple[list[int], list[Strand]]:
    seen: dict[tuple[str, str | None, int | float, str | None, str], int] = {}
    unique: dict[Strand, int] = {}
    strand_of = []
    for event in events:
        metadata = event.metadata
        if metadata.instance_id is None and event.causality_vector:
            strand_of.append(unique.setdefault(_strand(event), len(unique)))
            continue
        task_id = metadata.task_id
        thread_id = "" if task_id else metadata.thread_id
        raw = (metadata.service_name, metadata.instance_id, metadata.process_id, task_id, thread_id)
        number = seen.get(raw)
        if number is None:
            number = seen[raw] = unique.setdefault(_strand(event), len(unique))
        strand_of.append(number)
    return strand_of, list(unique)


def _strand(event: Event) -> Strand:
    task_id = event.metadata.task_id or ""
    return Strand(process_of(event), task_id, "" if task_id else event.metadata.thread_id)


def _parents(events: Sequence[Event], number_of: dict[EventId, int]) -> tuple[list[int], list[EventId]]:
    ids = [event.parent_id for event in events]
    parents = [NONE if parent is None else number_of.get(parent, NONE) for parent in ids]
    if parents.count(NONE) == ids.count(None):
        return parents, []
    missing = {
        parent for parent, number in zip(ids, parents, strict=True) if number == NONE and parent is not None
    }
    return parents, sorted(missing)


def _cut_loops(parents: list[int]) -> list[list[int]]:
    """Make the first event of each cycle of parents a root; return the cycles."""
    if all(map(lt, parents, range(len(parents)))):
        return []
    loops = []
    seen_by = [NONE] * len(parents)
    for event in range(len(parents)):
        ancestor = event
        while ancestor != NONE and seen_by[ancestor] == NONE:
            seen_by[ancestor] = event
            ancestor = parents[ancestor]
        if ancestor != NONE and seen_by[ancestor] == event:
            loops.append(_loop_through(ancestor, parents))
            parents[loops[-1][0]] = NONE
    return loops


def _loop_through(event: int, parents: list[int]) -> list[int]:
    loop = [event]
    while parents[loop[-1]] != event:
        loop.append(parents[loop[-1]])
    return sorted(loop)
