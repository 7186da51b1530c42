"""Accesses: the reads and writes of variables, with all that races and lost updates ask of them.

An access stands on its own: it names its trace, event, chain and transaction, so that accesses of
one trace (`raceway_core.race`) and of many (`raceway_core.run`) are compared by the same code. What
orders two of them is not part of it: that is a `Precedes`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import msgspec

from raceway_core.event import AccessType, EventId, TraceId
from raceway_core.identity import Lock, Place, Process
from raceway_core.value import ValueKey


class Variable(NamedTuple):
    """Equal `name` and `scope_key` is one variable."""

    name: str
    scope_key: str


class Access(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One read or write of one variable.

    `number` is the event's place in `CausalGraph.events` of its trace. `transaction` is unique in
    its trace (`raceway_core.transaction`); accesses to different variables may share one.
    `lockset` is sorted and without duplicates. `read` and `written` are UNKNOWN where the access
    does not do that, or where the value was not sent. `is_scope_declared` tells a scope that the
    client sent from one that was assumed; only the former lets processes share a value.
    """

    trace_id: TraceId
    event_id: EventId
    number: int
    variable: Variable
    access_type: AccessType
    place: Place
    start_ns: int
    end_ns: int
    process: Process
    host: str
    transaction: int
    lockset: tuple[Lock, ...] = ()
    read: ValueKey = ValueKey("")
    written: ValueKey = ValueKey("")
    version: int | None = None
    is_scope_declared: bool = False


Precedes: TypeAlias = Callable[[Access, Access], bool]
"""Tells whether the first access happens before the second; false for an access and itself."""

TransactionKey: TypeAlias = tuple[TraceId, int]


def transaction_key(access: Access) -> TransactionKey:
    """Return what identifies an access's transaction beyond its trace."""
    return (access.trace_id, access.transaction)
