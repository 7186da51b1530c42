"""Accesses: the reads and writes of variables, with all that races and lost updates ask of them.

An access stands on its own: it names its trace, event, chain and transaction, so that accesses of
one trace (`raceway_core.race`) and of many (`raceway_core.run`) are compared by the same code. What
orders two of them is not part of it: that is a `Precedes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from raceway_core.causal_graph import CausalGraph, Chain
from raceway_core.event import AccessType, EventId, StateChange, TraceId
from raceway_core.identity import Lock, Place, Process, place_of, scope_key
from raceway_core.options import Options
from raceway_core.value import ValueKey, value_read, value_written

CLOCK_TAG, CUT = "raceway.clock", "cut"
"""The tag by which a client says that its clock had more entries than it sends."""


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
    `is_cut` tells that the client left entries out of its clock: what such an access does not know of
    may have happened before it all the same.
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
    is_cut: bool = False


Precedes: TypeAlias = Callable[[Access, Access], bool]
"""Tells whether the first access happens before the second; false for an access and itself."""


def is_conflict(first: AccessType, second: AccessType) -> bool:
    """Whether the order of two accesses of one variable matters and nothing fixes it for them."""
    return (first.writes or second.writes) and not (first.is_atomic and second.is_atomic)


TransactionKey: TypeAlias = tuple[TraceId, int]


def transaction_key(access: Access) -> TransactionKey:
    """Return what identifies an access's transaction beyond its trace."""
    return (access.trace_id, access.transaction)


def accesses_of(
    graph: CausalGraph,
    *,
    transactions: Sequence[int],
    locksets: Sequence[tuple[Lock, ...]],
    order: Sequence[int],
    options: Options,
) -> dict[Variable, list[Access]]:
    """Return the accesses of a trace by variable, in the order of their ranks in `order`.

    `transactions`, `locksets` and `order` are by event. Variables stand by their first access.

    Time: O(n + k log k).
    """
    changes = sorted(graph.payloads.of(StateChange), key=lambda change: order[change[0]])
    found: dict[Variable, list[Access]] = {}
    for number, change in changes:
        chain = graph.chains[graph.chain_of[number]]
        variable = Variable(change.variable, scope_key(change.scope or options.variable_scope, chain.process))
        made_by = _Maker(chain, transactions[number], locksets[number])
        found.setdefault(variable, []).append(_access(graph, number, change, variable, made_by))
    return found


class _Maker(NamedTuple):
    """Who made an access."""

    chain: Chain
    transaction: int
    lockset: tuple[Lock, ...]


def _access(
    graph: CausalGraph, number: int, change: StateChange, variable: Variable, maker: _Maker
) -> Access:
    event = graph.events[number]
    return Access(
        trace_id=event.trace_id,
        event_id=event.id,
        number=number,
        variable=variable,
        access_type=change.access_type,
        place=place_of(change.location),
        start_ns=graph.begins_ns[number],
        end_ns=graph.finishes_ns[number],
        process=maker.chain.process,
        host=maker.chain.host,
        transaction=maker.transaction,
        lockset=maker.lockset,
        read=value_read(change),
        written=value_written(change),
        version=None if change.version is None else int(change.version),
        is_scope_declared=change.scope is not None,
        is_cut=(event.metadata.tags or {}).get(CLOCK_TAG) == CUT,
    )
