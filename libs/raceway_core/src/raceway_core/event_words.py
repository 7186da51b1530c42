"""What an event did, in a few words: `write of balance`, `spawn of worker-1`, `request POST /transfer`."""

from __future__ import annotations

from collections.abc import Mapping

from raceway_core.event import (
    AccessType,
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
from raceway_core.path.operation import operation_of

MOST_CHARACTERS = 120
"""Of a name: a query may be as long as a page."""

ACCESS_WORDS: Mapping[AccessType, str] = {
    AccessType.READ: "read",
    AccessType.WRITE: "write",
    AccessType.ATOMIC_READ: "atomic read",
    AccessType.ATOMIC_WRITE: "atomic write",
    AccessType.ATOMIC_RMW: "atomic update",
}

_WORDS: Mapping[type[Payload], str] = {
    FunctionCall: "call of",
    FunctionReturn: "return of",
    AsyncSpawn: "spawn of",
    AsyncAwait: "await of",
    LockRequest: "request for lock",
    LockAcquire: "acquire of lock",
    LockRelease: "release of lock",
    MemoryFence: "fence",
    HttpRequest: "request",
    HttpResponse: "response",
    DatabaseQuery: "query",
    DatabaseResult: "result",
    MessageSend: "send to",
    MessageReceive: "receive from",
    TransactionBegin: "begin of transaction",
    TransactionCommit: "commit of transaction",
    TransactionAbort: "abort of transaction",
    Error: "error",
    Custom: "event",
    Span: "span",
}


def words_of(payload: Payload) -> str:
    """Return what an event did, in a few words."""
    name = operation_of(payload)
    if len(name) > MOST_CHARACTERS:
        name = f"{name[:MOST_CHARACTERS]}…"
    if type(payload) is StateChange:
        return f"{ACCESS_WORDS[payload.access_type]} of {name}"
    return f"{_WORDS[type(payload)]} {name}".rstrip()
