"""Locks for `/api/v1`: how they were used in one trace, and in all."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.cursor import write_cursor
from raceway_api.stored import StoredResult
from raceway_common.ports.trace_store import LockCursor, LockTotals
from raceway_core.event import EventId, TraceId
from raceway_core.lock_use import uses_in
from raceway_core.lock_use_view import LockUseView, view_lock_use
from raceway_core.result import LockHold

_NS_PER_US = 1_000


class LockHoldItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One hold: asked for (null: it did not wait), acquired, released (null: that was not recorded)."""

    lock: str
    scope: str
    event_id: EventId
    thread_id: str
    asked_ns: str | None
    acquired_ns: str
    released_ns: str | None
    contended: bool


class TraceLocks(msgspec.Struct, frozen=True, kw_only=True):
    """The locks of a trace, the one most waited for first, and the holds in a window of time.

    `total_locks` and `total_holds` count all of the trace; of a lock-heavy trace the first 10,000 holds
    are kept. `more_holds`: the window has more than are listed.
    """

    trace_id: TraceId
    as_of: int
    version: int
    total_locks: int
    locks: list[LockUseView]
    total_holds: int
    holds: list[LockHoldItem]
    more_holds: bool


class LockTotalItem(msgspec.Struct, frozen=True, kw_only=True):
    """Locks of one pattern in all traces, of whoever `scope` says shares them, in microseconds' steps.

    `contended` counts waits for another task of the same trace; `wait_ns` is also what other traces cost.
    """

    lock: str
    scope: str
    traces: int
    holds: int
    hold_ns: str
    waits: int
    wait_ns: str
    contended: int
    contended_ns: str


class LockList(msgspec.Struct, frozen=True):
    """A page of locks, the one most waited for first; `next_cursor` is null on the last page."""

    locks: list[LockTotalItem]
    next_cursor: str | None


def view_trace_locks(
    stored: StoredResult, *, from_ns: int | None, to_ns: int | None, limit: int
) -> TraceLocks:
    """Return the first `limit` locks, and the first holds that waited or held at `from_ns..to_ns`."""
    uses = uses_in(stored.locks)
    inside = [hold for hold in stored.locks.holds if _is_inside(hold, from_ns, to_ns)]
    return TraceLocks(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        total_locks=len(uses),
        locks=[view_lock_use(use) for use in uses[:limit]],
        total_holds=sum(use.holds for use in uses),
        holds=[_hold(hold) for hold in inside[:limit]],
        more_holds=len(inside) > limit,
    )


def view_locks(rows: Sequence[LockTotals], *, limit: int) -> LockList:
    """Return the first `limit` of `rows`; one more row says that there is another page."""
    last = rows[limit - 1] if len(rows) > limit else None
    cursor = write_cursor(LockCursor(last.wait_us, last.hold_us, last.lock_key)) if last else None
    return LockList([_total(row) for row in rows[:limit]], cursor)


def _is_inside(hold: LockHold, from_ns: int | None, to_ns: int | None) -> bool:
    begin_ns = hold.acquired_ns if hold.asked_ns is None else min(hold.asked_ns, hold.acquired_ns)
    is_late = to_ns is not None and begin_ns > to_ns
    is_early = from_ns is not None and hold.released_ns is not None and hold.released_ns < from_ns
    return not (is_late or is_early)


def _hold(hold: LockHold) -> LockHoldItem:
    return LockHoldItem(
        lock=hold.lock,
        scope=hold.scope,
        event_id=hold.event_id,
        thread_id=hold.thread_id,
        asked_ns=None if hold.asked_ns is None else str(hold.asked_ns),
        acquired_ns=str(hold.acquired_ns),
        released_ns=None if hold.released_ns is None else str(hold.released_ns),
        contended=hold.waits_in_row > 0,
    )


def _total(row: LockTotals) -> LockTotalItem:
    return LockTotalItem(
        lock=row.lock,
        scope=row.scope,
        traces=row.trace_count,
        holds=row.holds,
        hold_ns=str(row.hold_us * _NS_PER_US),
        waits=row.waits,
        wait_ns=str(row.wait_us * _NS_PER_US),
        contended=row.contended,
        contended_ns=str(row.contended_us * _NS_PER_US),
    )
