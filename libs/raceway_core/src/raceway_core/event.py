"""The event model: one recorded step of a program, as it travels and as it is analyzed.

An `Event` is both the wire type of `POST /events` and the domain type of the analysis. Its `kind`
is externally tagged on the wire (`{"StateChange": {…}}`): `Kind` holds exactly one payload, and
`Event.payload` gives it as one of the frozen structs below, ready for `match`.

Fields that a client may leave out and that then mean *unknown* rather than null are `UNSET`.
Integers that some clients send as whole floats are declared `Whole` or `Count`, so that they stay on
the fast decoding path; `raceway_core.intake` makes them integers.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, NewType, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from raceway_core.time import parse_time

TraceId = NewType("TraceId", str)
EventId = NewType("EventId", str)

JsonValue: TypeAlias = Any
"""Any JSON value of the application. Compare them through `raceway_core.value`, never directly."""


Int64: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer that every store can hold."""

Whole: TypeAlias = Int64 | Annotated[float, Meta(ge=-(2.0**63), lt=2.0**63)]
"""An integer, which some clients write as a whole float."""

Count: TypeAlias = (
    Annotated[int, Meta(ge=0, lt=2**53)] | Annotated[float, Meta(ge=0, lt=2.0**53, multiple_of=1.0)]
)
"""A value of a vector clock: below 2^53, so that it stays exact in every language."""


class Payload(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Base of the payloads, one class per kind of event."""


class AccessType(Enum):
    """How a StateChange touched its variable.

    `writes`: the variable may hold another value afterwards. `reads`: the value before the access
    was seen by it. `is_atomic`: the hardware or runtime orders it against other atomic ones. They
    are attributes because the counting of races asks them of every pair.
    """

    READ = "Read"
    WRITE = "Write"
    ATOMIC_READ = "AtomicRead"
    ATOMIC_WRITE = "AtomicWrite"
    ATOMIC_RMW = "AtomicRMW"

    def __init__(self, word: str) -> None:
        self.writes = word in {"Write", "AtomicWrite", "AtomicRMW"}
        self.reads = word in {"Read", "AtomicRead", "AtomicRMW"}
        self.is_atomic = word.startswith("Atomic")

    __hash__ = object.__hash__  # members are singletons; an Enum's own is slow Python code


class Scope(Enum):
    """Who shares a variable or lock of one name."""

    PROCESS = "process"
    SERVICE = "service"
    GLOBAL = "global"

    __hash__ = object.__hash__


class LockMode(Enum):
    """How a lock is held."""

    EXCLUSIVE = "exclusive"
    SHARED = "shared"

    __hash__ = object.__hash__


class FunctionCall(Payload, frozen=True):
    function_name: str
    module: str = ""
    args: JsonValue = None
    file: str = ""
    line: Whole = 0


class FunctionReturn(Payload, frozen=True):
    function_name: str
    return_value: JsonValue = None
    file: str = ""
    line: Whole = 0


class AsyncSpawn(Payload, frozen=True):
    task_id: str
    spawned_by: str | None = None
    task_name: str | None = None
    spawned_at: str | None = None


class AsyncAwait(Payload, frozen=True):
    future_id: str
    awaited_at: str | None = None


class StateChange(Payload, frozen=True):
    variable: str
    access_type: AccessType
    old_value: JsonValue | UnsetType = UNSET
    new_value: JsonValue | UnsetType = UNSET
    location: str = ""
    scope: Scope | None = None
    version: Whole | None = None
    value_hash: str | None = None


class LockPayload(Payload, frozen=True):
    """What the three lock events have in common."""

    lock_id: str
    lock_type: str = ""
    location: str = ""
    mode: LockMode | None = None
    scope: Scope | None = None
    reentrant: bool | None = None
    grant: Whole | None = None


class LockRequest(LockPayload, frozen=True):
    """Recorded before waiting for the lock."""


class LockAcquire(LockPayload, frozen=True):
    """Recorded while holding the lock."""


class LockRelease(LockPayload, frozen=True):
    """Recorded while still holding the lock."""


class MemoryFence(Payload, frozen=True):
    ordering: str
    location: str = ""


class HttpRequest(Payload, frozen=True):
    method: str
    url: str
    headers: dict[str, JsonValue] | None = None
    body: JsonValue = None


class HttpResponse(Payload, frozen=True):
    status: Whole
    headers: dict[str, JsonValue] | None = None
    body: JsonValue = None
    duration_ms: int | float | None = None


class DatabaseQuery(Payload, frozen=True):
    query: str
    database: str = ""
    duration_ms: int | float | None = None


class DatabaseResult(Payload, frozen=True):
    rows_affected: Whole | None = None


class Error(Payload, frozen=True):
    error_type: str
    message: str = ""
    stack_trace: JsonValue = None


class Custom(Payload, frozen=True):
    name: str
    data: JsonValue = None


class MessagePayload(Payload, frozen=True):
    message_id: str
    queue: str = ""


class MessageSend(MessagePayload, frozen=True):
    pass


class MessageReceive(MessagePayload, frozen=True):
    pass


class SpanKind(Enum):
    """Which side of which kind of call a span is; `UNSPECIFIED` where it does not say."""

    UNSPECIFIED = "unspecified"
    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Span(Payload, frozen=True):
    """An operation as tracers record it: named and timed, of no thread or task.

    `follows_from`: its parent did not wait for it. `links` are spans of the same trace, not its
    parent, that it came from.
    """

    name: str
    span_kind: SpanKind = SpanKind.UNSPECIFIED
    follows_from: bool = False
    links: tuple[EventId, ...] = ()
    is_error: bool = False


class TransactionPayload(Payload, frozen=True):
    transaction_id: str
    resource: str = ""


class TransactionBegin(TransactionPayload, frozen=True):
    pass


class TransactionCommit(TransactionPayload, frozen=True):
    pass


class TransactionAbort(TransactionPayload, frozen=True):
    pass


class Kind(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """The external tag: an object with exactly one key, the name of the payload's class."""

    StateChange: StateChange | None = None
    FunctionCall: FunctionCall | None = None
    FunctionReturn: FunctionReturn | None = None
    LockRequest: LockRequest | None = None
    LockAcquire: LockAcquire | None = None
    LockRelease: LockRelease | None = None
    HttpRequest: HttpRequest | None = None
    HttpResponse: HttpResponse | None = None
    AsyncSpawn: AsyncSpawn | None = None
    AsyncAwait: AsyncAwait | None = None
    DatabaseQuery: DatabaseQuery | None = None
    DatabaseResult: DatabaseResult | None = None
    MessageSend: MessageSend | None = None
    MessageReceive: MessageReceive | None = None
    TransactionBegin: TransactionBegin | None = None
    TransactionCommit: TransactionCommit | None = None
    TransactionAbort: TransactionAbort | None = None
    MemoryFence: MemoryFence | None = None
    Error: Error | None = None
    Custom: Custom | None = None
    Span: Span | None = None

    def payloads(self) -> list[Payload]:
        """Return the payloads that are present; a valid kind has exactly one."""
        return list(filter(None, msgspec.structs.astuple(self)))


def kind_of(payload: Payload) -> Kind:
    """Return the envelope of `payload`."""
    return msgspec.convert({type(payload).__name__: payload}, Kind)


class HeldLock(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One entry of a lockset that was sent with an event."""

    id: str
    mode: LockMode = LockMode.EXCLUSIVE
    scope: Scope | None = None


LOST_TAG = "raceway.lost"
"""The tag by which a client tells of events that it could not send (`raceway_core.graph.lost`)."""


class Metadata(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Where and by whom an event was recorded."""

    thread_id: str = ""
    process_id: Whole = 0
    service_name: str = ""
    environment: str = ""
    tags: dict[str, str] | None = None
    duration_ns: Whole | None = None
    instance_id: str | None = None
    distributed_span_id: str | None = None
    upstream_span_id: str | None = None
    task_id: str | None = None
    host: str | None = None
    start_ns: Int64 | str | None = None


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One recorded step. `id` is unique in its trace, not beyond it."""

    id: EventId
    trace_id: TraceId
    parent_id: EventId | None = None
    timestamp: Int64 | str
    kind: Kind
    metadata: Metadata
    causality_vector: tuple[tuple[str, Count], ...] = ()
    lock_set: tuple[str | HeldLock, ...] = ()

    @property
    def payload(self) -> Payload:
        """The one payload of `kind`."""
        payload: Payload = next(filter(None, msgspec.structs.astuple(self.kind)))
        return payload

    @property
    def time_ns(self) -> int:
        """When it was recorded, in nanoseconds since the epoch.

        Raises:
            Rejected: The client sent no readable time.
        """
        return self.timestamp if type(self.timestamp) is int else parse_time(str(self.timestamp))
