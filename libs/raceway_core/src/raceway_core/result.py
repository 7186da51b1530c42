"""The result of analyzing one trace: what the analyzer stores and every reader is served from."""

from __future__ import annotations

from enum import Enum

import msgspec

from raceway_core.deed_key import NO_DEEDS, DeedKey
from raceway_core.event import AccessType, EventId, HeldLock, JsonValue, TraceId
from raceway_core.finding import Example, Finding, PairCounts, Verdict
from raceway_core.isolation.history import Isolation
from raceway_core.isolation.part import NOTHING, DeclaredTrace
from raceway_core.measured import Measurement
from raceway_core.touch import NO_TOUCHES, PackedTouches
from raceway_core.turn import NO_TURN, PackedTurn


class ServiceCount(msgspec.Struct, frozen=True, gc=False):
    """How many of a trace's events a service recorded."""

    name: str
    event_count: int


class Link(Enum):
    """By what one service reaches another, in the words of the original's clients."""

    HTTP = "HttpCall"
    GRPC = "GrpcCall"
    MESSAGE = "MessageQueue"
    DATABASE = "DatabaseQuery"
    CUSTOM = "Custom"


class Call(msgspec.Struct, frozen=True, gc=False):
    """How often one service called another in a trace; `CUSTOM` where nothing says by what."""

    caller: str
    callee: str
    count: int
    link: Link = Link.CUSTOM


class CallTimes(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How long the calls of one service to another took in a trace, and how they ended.

    `told` are the calls of which it is known whether they `failed`. `buckets` are the counts of
    durations by the bucket of a sketch (`raceway_core.baseline.sketch`).
    """

    caller: str
    callee: str
    told: int
    failed: int
    buckets: tuple[tuple[int, int], ...]


class TraceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A trace in one line. `notes` and `clock_issues` count by kind what was found odd."""

    trace_id: TraceId
    event_count: int
    first_ns: int
    last_ns: int
    services: tuple[ServiceCount, ...]
    calls: tuple[Call, ...]
    is_complete: bool
    missing_parents: int
    notes: dict[str, int]
    clock_issues: dict[str, int]
    call_times: tuple[CallTimes, ...] = ()


class AuditEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One access in the audit trail of a variable.

    `linked` tells that the previous entry happens before this one; `edge` says by what.
    `follows` is False when a known value does not come from the write before it.
    `task` is the task as sent, empty where none was.
    """

    event_id: EventId
    time_ns: int
    thread_id: str
    service: str
    access_type: AccessType
    location: str
    linked: bool
    edge: str
    is_race: bool
    follows: bool = True
    old_value: JsonValue | msgspec.UnsetType = msgspec.UNSET
    new_value: JsonValue | msgspec.UnsetType = msgspec.UNSET
    task: str = ""


class AuditTrail(msgspec.Struct, frozen=True):
    """A variable's accesses in a linear extension of happens-before."""

    variable: str
    scope: str
    entries: tuple[AuditEntry, ...]


class Segment(msgspec.Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """A stretch of the critical path: the innermost open operation, and work or a kind of wait."""

    event_id: EventId
    span_id: str
    operation: str
    kind: str
    service: str
    label: str
    location: str
    start_ns: int
    end_ns: int


class CriticalPath(msgspec.Struct, frozen=True, kw_only=True):
    """Segments, earliest first, that partition `start_ns..end_ns` of one root exactly."""

    root_id: EventId
    start_ns: int
    end_ns: int
    segments: tuple[Segment, ...]


class SelfTime(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An event's own interval minus the union of its children's."""

    event_id: EventId
    self_ns: int


MOST_CLOCKS = 300
"""Traces of more events keep no clocks: a reader of that many is lost, and they are quadratic."""


class EventNote(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What the analysis knows of an event beyond what was sent."""

    event_id: EventId
    lockset: tuple[HeldLock, ...]
    clock: tuple[tuple[str, int], ...]


class Window(msgspec.Struct, frozen=True, gc=False):
    """A trace's accesses to one variable, for the comparison with other traces.

    `variable` and `scope` identify the variable, `first_ns..last_ns` is when it was touched, and
    `body` is what `raceway_core.run` reads back. `turn` tells whether it need be (`raceway_core.turn`),
    `touches` what it adds to the sums of the variable (`raceway_core.touch`), and `deeds` of which class it
    is for the comparison over all time (`raceway_core.deed_key`).
    """

    variable: str
    scope: str
    first_ns: int
    last_ns: int
    body: bytes
    turn: PackedTurn = NO_TURN
    touches: PackedTouches = NO_TOUCHES
    deeds: DeedKey = NO_DEEDS


class LockOrder(msgspec.Struct, frozen=True, gc=False):
    """A lock that a trace asked for while it held others, for the comparison with other traces.

    `body` is the class, `example` the trace's earliest request of it
    (`raceway_core.locking.dependency`); `first_ns..last_ns` is when it was asked for, and `scopes`
    are the scope keys of the locks.
    """

    scopes: tuple[str, ...]
    body: bytes
    first_ns: int
    last_ns: int
    example: bytes


MOST_REQUESTS = 4
"""Of each class so many traces are kept in sight: a circle has no more members, all of other traces."""


class OrderClass(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What all traces say of one class of lock orders.

    `body` is the class, and `examples` are of the `MOST_REQUESTS` traces that asked for it first,
    equal times ordered by the trace.
    """

    body: bytes
    first_ns: int
    last_ns: int
    examples: tuple[bytes, ...]


class LocationPairs(msgspec.Struct, frozen=True, gc=False):
    """How many pairs of one verdict two places of the code make; `first <= second` as text."""

    first: str
    second: str
    verdict: Verdict
    pairs: int


class VariableCount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was counted for one variable of a trace. `locations` has no guarded pairs."""

    variable: str
    scope: str
    accesses: int
    reads: int
    writes: int
    pairs: PairCounts
    locations: tuple[LocationPairs, ...]


class DeadlockStatus(Enum):
    """Whether a deadlock was seen, or can happen in another order of the same steps."""

    PREDICTED = "predicted"
    ACTUAL = "actual"


class Deadlock(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Threads that wait in a circle: each at its location for its lock, which the next one holds."""

    status: DeadlockStatus
    locks: tuple[str, ...]
    threads: tuple[str, ...]
    locations: tuple[str, ...]


class LockUse(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How one lock was used: held, waited for, and waited for while another task held it (contended).

    `services` are those whose tasks held it, sorted. `owners` and `waiters` are threads, sorted; who
    waited uncontended is no waiter. `longest_chain` is how many waits stood in a row from this lock on,
    0 where none was contended.
    """

    lock: str
    scope: str
    services: tuple[str, ...]
    holds: int
    hold_ns: int
    longest_hold_ns: int
    waits: int
    wait_ns: int
    contended: int
    contended_ns: int
    longest_wait_ns: int
    owners: tuple[str, ...]
    waiters: tuple[str, ...]
    longest_chain: int


class LockHold(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One hold of a lock. `event_id` is its acquire.

    `thread_id` is the thread; of tasks of one thread, and of processes whose threads have one name, the
    name that the task has in clocks.

    `asked_ns` is when the wait for it began, None where it did not; `released_ns` is None where the
    release was not recorded. `waits_in_row` counts the contended waits that stand in a row from its own
    on: 0 where no other task held the lock during the wait.
    """

    lock: str
    scope: str
    service: str
    thread_id: str
    event_id: EventId
    asked_ns: int | None
    acquired_ns: int
    released_ns: int | None
    waits_in_row: int


class TraceLocks(msgspec.Struct, frozen=True, array_like=True):
    """The holds of a trace, by when they began, and of one with too many of them the uses of its locks.

    Else the uses follow from the holds (`raceway_core.lock_use.uses_in`), and only a reader needs them.
    """

    holds: tuple[LockHold, ...] = ()
    uses_of_cut: tuple[LockUse, ...] = ()


class TraceResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one analysis of a trace yields. A pure function of its set of events.

    `race_pairs` counts exactly; `races` lists them, strongest first, up to a limit. `isolation` is None
    where no transaction is declared.
    """

    summary: TraceSummary
    race_pairs: int = 0
    races: tuple[Example, ...] = ()
    findings: tuple[Finding, ...] = ()
    variables: tuple[VariableCount, ...] = ()
    windows: tuple[Window, ...] = ()
    audit_trails: tuple[AuditTrail, ...] = ()
    critical_paths: tuple[CriticalPath, ...] = ()
    self_times: tuple[SelfTime, ...] = ()
    event_notes: tuple[EventNote, ...] = ()
    deadlocks: tuple[Deadlock, ...] = ()
    locks: TraceLocks = TraceLocks()
    isolation: Isolation | None = None
    declared: DeclaredTrace = NOTHING
    lock_orders: tuple[LockOrder, ...] = ()
    measurements: tuple[Measurement, ...] = ()
