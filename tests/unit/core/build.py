"""Short words for events, so that a test of the core reads like the story it tells.

    bank = Story()
    root = bank.call("main")
    bank.write("balance", 15, old=10, on="worker-1", parent=root)
    bank.write("balance", 20, old=15, on="worker-2", parent=root)
    result = analyze_trace(bank.trace_id, bank.events)

Each word records one event and returns it. Stamps advance by a millisecond per event unless `at`
says when; ids are e1, e2, …. What every word takes beside its own arguments is `Said`.
"""

from __future__ import annotations

from typing import TypedDict, Unpack

from msgspec import UNSET, UnsetType

from raceway_core.event import (
    AccessType,
    AsyncAwait,
    AsyncSpawn,
    Event,
    EventId,
    FunctionCall,
    HeldLock,
    HttpRequest,
    HttpResponse,
    JsonValue,
    LockAcquire,
    LockMode,
    LockPayload,
    LockRelease,
    LockRequest,
    MessageReceive,
    MessageSend,
    Metadata,
    Payload,
    Scope,
    StateChange,
    TraceId,
    TransactionAbort,
    TransactionBegin,
    TransactionCommit,
    kind_of,
)

MS = 1_000_000
NOON_NS = 1_700_000_000_000_000_000

Value = JsonValue | UnsetType


class Said(TypedDict, total=False):
    """Who recorded an event, when, and because of what; `on` is the thread, `at` is in ms.

    `began` is a measured start in ms, `span` and `upstream` are the event's own span and the caller's.

    `place`, `version` and `value_hash` are for accesses; `mode`, `grant` and `reentrant` for locks;
    `scope` for both.
    """

    on: str
    task: str | None
    parent: Event | None
    at: float | None
    lasts_ms: float
    began: float
    span: str
    upstream: str
    service: str
    instance: str | None
    process: int
    host: str | None
    locks: tuple[str | HeldLock, ...]
    clock: tuple[tuple[str, int], ...]
    id: str
    place: str
    scope: Scope | None
    version: int | None
    value_hash: str | None
    mode: LockMode | None
    grant: int | None
    reentrant: bool | None


class Story:
    """The events of one trace as a test tells them. What is said here is said of all of them."""

    def __init__(self, trace_id: str = "t1", **always: Unpack[Said]) -> None:
        self.trace_id = TraceId(trace_id)
        self.events: list[Event] = []
        self._clock_ms = always.pop("at", None) or 0.0
        self._always = always

    def event(self, payload: Payload, **said: Unpack[Said]) -> Event:
        """Record any kind of event."""
        said = self._always | said
        at, parent = said.get("at"), said.get("parent")
        self._clock_ms = self._clock_ms + 1 if at is None else at
        event = Event(
            id=EventId(said.get("id", f"e{len(self.events) + 1}")),
            trace_id=self.trace_id,
            parent_id=None if parent is None else parent.id,
            timestamp=NOON_NS + int(self._clock_ms * MS),
            kind=kind_of(payload),
            metadata=_metadata(said),
            causality_vector=said.get("clock", ()),
            lock_set=said.get("locks", ()),
        )
        self.events.append(event)
        return event

    def access(
        self, kind: AccessType, variable: str, value: Value = UNSET, old: Value = UNSET, **said: Unpack[Said]
    ) -> Event:
        """Record an access of any kind."""
        whole = self._always | said
        change = StateChange(
            variable=variable,
            access_type=kind,
            old_value=old,
            new_value=value,
            location=whole.get("place", "bank.py:10 transfer"),
            scope=whole.get("scope"),
            version=whole.get("version"),
            value_hash=whole.get("value_hash"),
        )
        return self.event(change, **said)

    def read(self, variable: str, value: Value = UNSET, **said: Unpack[Said]) -> Event:
        return self.access(AccessType.READ, variable, value, **said)

    def write(self, variable: str, value: Value = UNSET, old: Value = UNSET, **said: Unpack[Said]) -> Event:
        return self.access(AccessType.WRITE, variable, value, old, **said)

    def update(self, variable: str, value: Value = UNSET, old: Value = UNSET, **said: Unpack[Said]) -> Event:
        """Record an atomic read-modify-write."""
        return self.access(AccessType.ATOMIC_RMW, variable, value, old, **said)

    def request(self, lock: str, **said: Unpack[Said]) -> Event:
        """Record that somebody begins to wait for a lock."""
        return self._lock(LockRequest, lock, **said)

    def acquire(self, lock: str, **said: Unpack[Said]) -> Event:
        return self._lock(LockAcquire, lock, **said)

    def release(self, lock: str, **said: Unpack[Said]) -> Event:
        return self._lock(LockRelease, lock, **said)

    def _lock(self, kind: type[LockPayload], lock: str, **said: Unpack[Said]) -> Event:
        whole = self._always | said
        payload = kind(
            lock_id=lock,
            mode=whole.get("mode"),
            scope=whole.get("scope"),
            grant=whole.get("grant"),
            reentrant=whole.get("reentrant"),
        )
        return self.event(payload, **said)

    def call(self, name: str = "handler", **said: Unpack[Said]) -> Event:
        return self.event(FunctionCall(function_name=name), **said)

    def spawn(self, task_id: str, **said: Unpack[Said]) -> Event:
        return self.event(AsyncSpawn(task_id=task_id), **said)

    def join(self, task_id: str, **said: Unpack[Said]) -> Event:
        return self.event(AsyncAwait(future_id=task_id), **said)

    def http(self, url: str = "/transfer", **said: Unpack[Said]) -> Event:
        """Record an HTTP request: one received, where it has no parent in its process."""
        return self.event(HttpRequest(method="POST", url=url), **said)

    def answer(self, status: int = 200, **said: Unpack[Said]) -> Event:
        return self.event(HttpResponse(status=status), **said)

    def send(self, message_id: str, **said: Unpack[Said]) -> Event:
        return self.event(MessageSend(message_id=message_id), **said)

    def receive(self, message_id: str, **said: Unpack[Said]) -> Event:
        return self.event(MessageReceive(message_id=message_id), **said)

    def begin(self, transaction_id: str, **said: Unpack[Said]) -> Event:
        return self.event(TransactionBegin(transaction_id=transaction_id), **said)

    def commit(self, transaction_id: str, **said: Unpack[Said]) -> Event:
        return self.event(TransactionCommit(transaction_id=transaction_id), **said)

    def abort(self, transaction_id: str, **said: Unpack[Said]) -> Event:
        return self.event(TransactionAbort(transaction_id=transaction_id), **said)


def _metadata(said: Said) -> Metadata:
    lasts_ms, began = said.get("lasts_ms"), said.get("began")
    return Metadata(
        thread_id=said.get("on", "main"),
        process_id=said.get("process", 1),
        service_name=said.get("service", "bank"),
        instance_id=said.get("instance", "i1"),
        task_id=said.get("task"),
        host=said.get("host"),
        duration_ns=None if lasts_ms is None else int(lasts_ms * MS),
        start_ns=None if began is None else NOON_NS + int(began * MS),
        distributed_span_id=said.get("span"),
        upstream_span_id=said.get("upstream"),
    )
