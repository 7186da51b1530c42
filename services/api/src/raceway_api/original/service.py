"""Services in the original's shape: how they are, and their traces.

Nobody tells Raceway whether a service works. It is judged by three things, of which the worst counts:

    silence    within the window that the reader asks for it is healthy, within two of them that
               deserves a look, after that something is wrong: it is down, or nobody calls it
    failures   of its last calls one in twenty, or more than usual: a warning; half of them: critical
    durations  an operation takes longer than it did: a warning
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from raceway_api.original.listing import TraceLineView, TracePageView, view_page
from raceway_common.ports.trace_store import ServiceRow, TraceRow
from raceway_core.baseline.rule import ENOUGH
from raceway_core.bucketed.state import Standing, State
from raceway_core.time import format_time

_NS_PER_MINUTE = 60 * 1_000_000_000
_LEVELS = ("healthy", "warning", "critical")
_WARNING_RATE, _CRITICAL_RATE = 0.05, 0.5


class ServiceHealthView(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is healthy, warning or critical; the counts are of all traces that are stored."""

    name: str
    status: str
    trace_count: int
    last_activity: str
    avg_events_per_trace: float
    minutes_since_last_activity: int


class ServiceTracesView(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a service's traces, newest first."""

    service_name: str
    total_traces: int
    page: int
    page_size: int
    total_pages: int
    traces: list[TraceLineView]


def view_service_health(
    row: ServiceRow, states: Iterable[State], *, now_ns: int, window_minutes: int
) -> ServiceHealthView:
    """Return how a service is, of whose operations these are the states.

    One whose clock is ahead of ours was heard of just now.
    """
    silent_ns = max(now_ns - row.last_ns, 0)
    return ServiceHealthView(
        name=row.name,
        status=_LEVELS[max(_silence(silent_ns, window_minutes * _NS_PER_MINUTE), _trouble(states))],
        trace_count=row.trace_count,
        last_activity=format_time(row.last_ns),
        avg_events_per_trace=row.event_count / row.trace_count,
        minutes_since_last_activity=silent_ns // _NS_PER_MINUTE,
    )


def view_service_traces(
    service: str, rows: Sequence[TraceRow], *, total: int, page: int, page_size: int
) -> ServiceTracesView:
    """Return one page of the traces that a service took part in."""
    listed: TracePageView = view_page(rows, total=total, page=page, page_size=page_size)
    return msgspec.convert(msgspec.structs.asdict(listed) | {"service_name": service}, ServiceTracesView)


def _silence(silent_ns: int, window_ns: int) -> int:
    if silent_ns <= window_ns:
        return 0
    return 1 if silent_ns <= 2 * window_ns else 2


def _trouble(states: Iterable[State]) -> int:
    """Return how bad the worst operation does."""
    worst = 0
    for state in states:
        has_enough = state.calls >= ENOUGH
        if has_enough and state.error_rate >= _CRITICAL_RATE:
            return 2
        is_failing = has_enough and state.error_rate >= _WARNING_RATE
        if is_failing or state.standing in {Standing.SLOWER, Standing.FAILING}:
            worst = 1
    return worst
