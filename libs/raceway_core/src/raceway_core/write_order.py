"""Orders of one variable's writes that can be trusted, because the data themselves prove them.

Whoever wants to know what a write overwrote must know which write came before it. Two sources are
good enough:

    versions   a counter that is taken with each write, within one scope key
    clock      the wall clock of one known process, if the values confirm it: every read of the
               variable returns the last write before it on that clock, those before the first
               write return one value, and all values are known

Stamps are taken beside an access, not with it, so without the confirmation a clock may tell two
accesses the wrong way round and prove damage that was none. Nothing less than all accesses of the
run confirm it: one that another process made, or whose place among the others is open, could be
the one that contradicts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from raceway_core.access import Access, Precedes, Variable
from raceway_core.event import EventId, TraceId
from raceway_core.identity import Process
from raceway_core.value import UNKNOWN


class Rule(Enum):
    """How a lost update was proven. The value is the word shown to a reader."""

    VERSIONS = "versions"
    CLOCK = "confirmed clock"
    UNIQUE_WRITER = "unique writer"


class Update(NamedTuple):
    """A write and the last read of the variable before it in its transaction."""

    read: Access
    write: Access


class Ranked(NamedTuple):
    """An update with the places of its read and its write in an order."""

    read_rank: int
    write_rank: int
    update: Update


class WriteOrder(NamedTuple):
    """Writes by rank, with the updates that may have overwritten some of them.

    A read of rank r saw the last write of a rank <= r. No two accesses that matter share a rank
    unless they are a read and the write that it saw.
    """

    rule: Rule
    ranks: Sequence[int]
    writes: Sequence[Access]
    updates: Sequence[Ranked]


def updates_of(accesses: Iterable[Access]) -> list[Update]:
    """Return the updates, in the order of their writes in `accesses`.

    The accesses of one transaction stand in program order. An AtomicRMW is none: it reads and
    writes in one step, so nothing can come between. Time: O(k).
    """
    last_read: dict[tuple[TraceId, int], Access] = {}
    updates: list[Update] = []
    for access in accesses:
        key = (access.trace_id, access.transaction)
        if access.access_type.reads:
            last_read[key] = access
        elif key in last_read:
            updates.append(Update(last_read[key], access))
    return updates


def write_orders(
    accesses: Sequence[Access], updates: Sequence[Update], precedes: Precedes
) -> list[WriteOrder]:
    """Return the orders that can be trusted. Time: O(k log k)."""
    orders = _by_version(accesses, updates)
    if any(access.version is None for access in accesses):
        clock = _confirmed_clock(accesses, precedes)
        if clock is not None:
            orders.append(_by_clock(clock, updates))
    return orders


def history_key(access: Access) -> str | Process | None:
    """Return what accesses must share for their versions to speak of one value.

    None for a process that cannot be told from another one: two containers may both call
    themselves process 1, and each has a counter of its own.
    """
    return shared_history(access.variable, access.process, is_declared=access.is_scope_declared)


def shared_history(variable: Variable, process: Process, *, is_declared: bool) -> str | Process | None:
    """Return `history_key` of a process's accesses to a variable, whose scope was declared or not."""
    if is_declared and not variable.scope_key.startswith("process:"):
        return variable.scope_key
    return process if process.is_known else None


def _by_version(accesses: Sequence[Access], updates: Sequence[Update]) -> list[WriteOrder]:
    writes: dict[Hashable, list[tuple[int, TraceId, EventId, Access]]] = {}
    for access in accesses:
        key = history_key(access)
        if access.version is not None and access.access_type.writes and key is not None:
            entry = (access.version, access.trace_id, access.event_id, access)
            writes.setdefault(key, []).append(entry)
    ranked: dict[Hashable, list[Ranked]] = {}
    for update in updates:
        seen, made = update.read.version, update.write.version
        if seen is not None and made is not None:
            ranked.setdefault(history_key(update.write), []).append(Ranked(seen, made, update))
    orders = []
    for owner, group in writes.items():
        group.sort(key=lambda entry: entry[:3])
        ranks, ordered = [entry[0] for entry in group], [entry[3] for entry in group]
        orders.append(WriteOrder(Rule.VERSIONS, ranks, ordered, ranked.get(owner, [])))
    return orders


def _by_clock(clock: Sequence[Access], updates: Sequence[Update]) -> WriteOrder:
    place = {(access.trace_id, access.event_id): rank for rank, access in enumerate(clock)}
    written = [(rank, access) for rank, access in enumerate(clock) if access.access_type.writes]
    ranked = [
        Ranked(
            place[update.read.trace_id, update.read.event_id],
            place[update.write.trace_id, update.write.event_id],
            update,
        )
        for update in updates
    ]
    return WriteOrder(Rule.CLOCK, [rank for rank, _ in written], [access for _, access in written], ranked)


def _confirmed_clock(accesses: Sequence[Access], precedes: Precedes) -> list[Access] | None:
    """Return the accesses in the order of their process's clock, None if it is not confirmed."""
    processes = {access.process for access in accesses}
    if len(processes) != 1 or not next(iter(processes)).is_known:
        return None
    if any(access.read == UNKNOWN and access.access_type.reads for access in accesses):
        return None
    by_time = sorted(
        enumerate(accesses), key=lambda item: (item[1].start_ns, item[1].end_ns, item[1].trace_id, item[0])
    )
    clock = [access for _, access in by_time]
    in_order = _keeps_program_order(clock, accesses) and _is_unambiguous(clock, precedes)
    return clock if in_order and _values_follow(clock) else None


def _keeps_program_order(clock: Iterable[Access], accesses: Iterable[Access]) -> bool:
    """Whether each transaction's accesses stand in `clock` as they do in `accesses`."""
    return _by_transaction(clock) == _by_transaction(accesses)


def _by_transaction(accesses: Iterable[Access]) -> dict[tuple[TraceId, int], list[EventId]]:
    groups: dict[tuple[TraceId, int], list[EventId]] = {}
    for access in accesses:
        groups.setdefault((access.trace_id, access.transaction), []).append(access.event_id)
    return groups


def _is_unambiguous(clock: Iterable[Access], precedes: Precedes) -> bool:
    """Whether of any two accesses that overlap in time, one a write, the first happens before."""
    open_accesses: list[Access] = []
    for access in clock:
        open_accesses = [other for other in open_accesses if other.end_ns >= access.start_ns]
        for other in open_accesses:
            conflict = access.access_type.writes or other.access_type.writes
            if conflict and not precedes(other, access):
                return False
        open_accesses.append(access)
    return True


def _values_follow(clock: Iterable[Access]) -> bool:
    """Whether every read, all of them known, returns what the write before it left."""
    value = None
    for access in clock:
        kind = access.access_type
        if kind.reads:
            if value is not None and access.read != value:
                return False
            value = access.read
        if kind.writes:
            value = access.written
    return True
