"""Health and status in the original's shape.

The original replays its storage into memory when it starts and reports how far that is ("warm-up").
Raceway has nothing to replay: it is completed from the start.
"""

from __future__ import annotations

import msgspec

from raceway_common.ports.trace_store import Totals
from raceway_core.time import format_time


class WarmupView(msgspec.Struct, frozen=True, kw_only=True):
    """`phase` is always `completed`; `processed_traces` counts the analyzed ones."""

    phase: str
    ready: bool
    total_traces: int
    processed_traces: int
    last_trace: str | None
    started_at: str
    completed_at: str
    last_error: str | None


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """`backlog` counts messages not yet stored, `due` traces and runs whose analysis is not current.

    Both are 0 when everything that was accepted can be seen. `dropped` counts by reason what clients
    say they lost before sending it.
    """

    version: str
    uptime_seconds: int
    events_captured: int
    traces_active: int
    warmup: WarmupView
    backlog: int
    due: int
    dropped: dict[str, int]


def view_warmup(totals: Totals, started_ns: int) -> WarmupView:
    """Return the state of the start."""
    return WarmupView(
        phase="completed",
        ready=True,
        total_traces=totals.traces,
        processed_traces=totals.analyzed_traces,
        last_trace=None,
        started_at=format_time(started_ns),
        completed_at=format_time(started_ns),
        last_error=None,
    )
