"""Deadlocks for `/api/v1`: those of one trace, and the findings that they are in all."""

from __future__ import annotations

import msgspec

from raceway_api.stored import StoredResult
from raceway_core.event import TraceId
from raceway_core.finding_view import FindingView
from raceway_core.result import Deadlock


class TraceDeadlocks(msgspec.Struct, frozen=True, kw_only=True):
    """Deadlocks that a trace ended in, and those that another order of its steps would lead to.

    In each, a thread waits at its location for its lock, which the next thread holds. `is_cut`: the search
    was given up, so there may be more.
    """

    trace_id: TraceId
    as_of: int
    version: int
    total: int
    is_cut: bool
    deadlocks: list[Deadlock]


class DeadlockList(msgspec.Struct, frozen=True):
    """A page of findings of kind deadlock; `next_cursor` is null on the last one.

    `version` grows with any change of a finding.
    """

    deadlocks: list[FindingView]
    next_cursor: str | None
    version: int


def view_trace_deadlocks(stored: StoredResult, *, limit: int) -> TraceDeadlocks:
    """Return the first `limit` deadlocks of a trace."""
    return TraceDeadlocks(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        total=len(stored.deadlocks),
        is_cut=bool(stored.row and stored.row.summary.notes.get("deadlocks_cut")),
        deadlocks=list(stored.deadlocks[:limit]),
    )
