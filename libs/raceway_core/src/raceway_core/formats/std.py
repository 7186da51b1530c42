"""RAPID's `std` traces: one line an event, `thread|op(target)|location`.

    T1|fork(T2)|10
    T1|acq(l)|11
    T1|w(x)|12
    T1|rel(l)|13

The order of the lines is the order in which the program was seen to run: it gives each thread its
program order and each lock its grants. A line has no wall time. Locks are re-entrant. A line's
number, from 1, is the event's id. An `acq` with which a thread ends, of a lock that another thread holds
to the end of the file, was never granted: it is a request. A `rel` of a lock that its thread does not hold
is an issue, `impossible_release`; it releases nothing.

Source: the trace format of the RAPID tool, https://github.com/umangm/rapid.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from raceway_core.causal_graph import ClockIssue
from raceway_core.errors import Rejected
from raceway_core.event import (
    AccessType,
    AsyncAwait,
    AsyncSpawn,
    Event,
    EventId,
    FunctionCall,
    FunctionReturn,
    LockAcquire,
    LockRelease,
    LockRequest,
    Metadata,
    Payload,
    StateChange,
    TraceId,
    kind_of,
)
from raceway_core.formats.text import Text, text_of

TRACE = TraceId("std")
"""The format has no trace ids: a file is one trace."""

EXPECTED = "thread|op(target)|location with op one of r w acq rel fork join begin end"

_LINE = re.compile(r"(?P<thread>[^|]+)\|(?P<op>\w+)(?:\((?P<target>[^|]*)\))?(?:\|(?P<location>.*))?")


class StdTrace(NamedTuple):
    """What a file holds, and which of its lines cannot be true."""

    events: list[Event]
    issues: Sequence[ClockIssue]


def reader() -> Callable[[Text], StdTrace]:
    """Return what takes the events of a file, line by line. Empty lines are skipped.

    Time: O(n).

    Raises:
        Rejected: A line is not of the format; the message names it.
    """
    return _trace


def read(data: bytes) -> list[Event]:
    """Return the events of a file, in its order."""
    return _trace(text_of(data)).events


def _trace(text: Text) -> StdTrace:
    state = _Reader()
    lines = ((line.number, line.decoded().strip()) for line in text.lines())
    events = [state.event(number, line) for number, line in lines if line]
    if ungranted := state.ungranted():
        events = [_asked(event) if event.id in ungranted else event for event in events]
    return StdTrace(events, state.issues)


def _asked(event: Event) -> Event:
    """Return the request that an acquire was which was never granted."""
    acquire = event.payload
    if not isinstance(acquire, LockAcquire):
        return event
    request = LockRequest(lock_id=acquire.lock_id, location=acquire.location, reentrant=True)
    return msgspec.structs.replace(event, kind=kind_of(request))


class _Reader:
    """What earlier lines decide about later ones: each thread's last event, each lock's grants."""

    def __init__(self) -> None:
        self.issues: list[ClockIssue] = []
        self._last: dict[str, EventId] = {}
        self._grants: Counter[str] = Counter()
        self._depth: Counter[tuple[str, str]] = Counter()
        self._owner: dict[str, str] = {}
        self._wanted: dict[str, tuple[EventId, str]] = {}

    def event(self, number: int, line: str) -> Event:
        match = _LINE.fullmatch(line)
        if match is None:
            raise Rejected(f"line {number}: expected {EXPECTED}, got {line[:80]!r}")
        thread, op, target, location = (match[name] or "" for name in ("thread", "op", "target", "location"))
        event_id = EventId(str(number))
        event = Event(
            id=event_id,
            trace_id=TRACE,
            parent_id=self._last.get(thread),
            timestamp=0,
            kind=kind_of(self._payload(number, thread, op, target, location)),
            metadata=Metadata(thread_id=thread, task_id=thread),
        )
        self._last[thread] = event_id
        return event

    def ungranted(self) -> set[EventId]:
        """Return the acquires that threads ended with, of locks that others never released."""
        return {
            event
            for thread, (event, lock) in self._wanted.items()
            if self._last[thread] == event and self._owner.get(lock, thread) != thread
        }

    def _payload(self, number: int, thread: str, op: str, target: str, location: str) -> Payload:
        if op in {"acq", "rel"}:
            self._hand_over(number, thread, op, target)
            return self._lock(thread, op, target, location)
        if make := _PAYLOADS.get(op):
            return make(target, location)
        raise Rejected(f"line {number}: unknown operation {op[:40]!r}, expected {EXPECTED}")

    def _hand_over(self, number: int, thread: str, op: str, lock: str) -> None:
        """Keep account of who owns a lock, before its depth changes."""
        if op == "acq":
            if self._owner.setdefault(lock, thread) != thread:
                self._wanted[thread] = EventId(str(number)), lock
        elif not self._depth[thread, lock]:
            message = f"{thread!r} does not hold {lock!r}, which it releases"
            self.issues.append(ClockIssue("impossible_release", EventId(str(number)), message))
        elif self._depth[thread, lock] == 1 and self._owner.get(lock) == thread:
            del self._owner[lock]

    def _lock(self, thread: str, op: str, lock: str, location: str) -> Payload:
        held = (thread, lock)
        if op == "acq":
            self._grants[lock] += not self._depth[held]
            self._depth[held] += 1
        elif self._depth[held]:
            self._depth[held] -= 1
        payload = LockAcquire if op == "acq" else LockRelease
        return payload(lock_id=lock, location=location, reentrant=True, grant=self._grants[lock])


_PAYLOADS: dict[str, Callable[[str, str], Payload]] = {
    "r": lambda name, location: StateChange(variable=name, access_type=AccessType.READ, location=location),
    "w": lambda name, location: StateChange(variable=name, access_type=AccessType.WRITE, location=location),
    "fork": lambda thread, location: AsyncSpawn(task_id=thread, spawned_at=location),
    "join": lambda thread, location: AsyncAwait(future_id=thread, awaited_at=location),
    "begin": lambda name, location: FunctionCall(function_name=name, file=location),
    "end": lambda name, location: FunctionReturn(function_name=name, file=location),
}
