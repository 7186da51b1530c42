"""Operations: the name and the place of what an event did, as shown to a reader.

Both are tables by kind of event, because a critical path asks for them once per segment.
"""

from __future__ import annotations

from collections.abc import Mapping

from raceway_core.event import (
    AsyncAwait,
    AsyncSpawn,
    Custom,
    DatabaseQuery,
    DatabaseResult,
    Error,
    FunctionCall,
    FunctionReturn,
    HttpRequest,
    HttpResponse,
    LockAcquire,
    LockRelease,
    LockRequest,
    MemoryFence,
    MessageReceive,
    MessageSend,
    Payload,
    Span,
    StateChange,
    TransactionAbort,
    TransactionBegin,
    TransactionCommit,
)

_NAMED_BY: Mapping[type[Payload], tuple[str, ...]] = {
    FunctionCall: ("function_name",),
    FunctionReturn: ("function_name",),
    AsyncSpawn: ("task_name", "task_id"),
    AsyncAwait: ("future_id",),
    StateChange: ("variable",),
    LockRequest: ("lock_id",),
    LockAcquire: ("lock_id",),
    LockRelease: ("lock_id",),
    MemoryFence: ("ordering",),
    HttpResponse: ("status",),
    DatabaseQuery: ("query",),
    DatabaseResult: ("rows_affected",),
    MessageSend: ("queue", "message_id"),
    MessageReceive: ("queue", "message_id"),
    TransactionBegin: ("transaction_id",),
    TransactionCommit: ("transaction_id",),
    TransactionAbort: ("transaction_id",),
    Error: ("error_type",),
    Custom: ("name",),
    Span: ("name",),
}
"""The fields that name an operation, the first that says something."""

_LOCATED_BY: Mapping[type[Payload], str] = {
    AsyncSpawn: "spawned_at",
    AsyncAwait: "awaited_at",
    StateChange: "location",
    LockRequest: "location",
    LockAcquire: "location",
    LockRelease: "location",
    MemoryFence: "location",
}


def operation_of(payload: Payload) -> str:
    """Return the name of the operation: a function, a method and URL, a variable, …."""
    if type(payload) is HttpRequest:
        return f"{payload.method} {payload.url}"
    for field in _NAMED_BY[type(payload)]:
        value = getattr(payload, field)
        if value is not None and value != "":
            return value if type(value) is str else str(int(value))
    return ""


def location_of(payload: Payload) -> str:
    """Return where in the code the event happened, empty where it does not say."""
    if type(payload) is FunctionCall or type(payload) is FunctionReturn:
        return f"{payload.file}:{int(payload.line)}" if payload.file else ""
    field = _LOCATED_BY.get(type(payload))
    return (getattr(payload, field) or "") if field else ""
