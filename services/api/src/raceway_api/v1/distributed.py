"""A trace by services for `/api/v1`: the original's computations, with versions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.original.breakdown import BreakdownView, PathSumView, RaceCountsView, view_distributed
from raceway_api.stored import StoredResult
from raceway_core.event import TraceId
from raceway_core.result import Call, ServiceCount


class TraceDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Which services took part, and who called whom by what and how often."""

    trace_id: TraceId
    as_of: int
    version: int
    services: Sequence[ServiceCount]
    calls: Sequence[Call]


class TraceDistributed(msgspec.Struct, frozen=True, kw_only=True):
    """A trace by services. `is_distributed`: more than one took part."""

    trace_id: TraceId
    as_of: int
    version: int
    service_breakdown: BreakdownView
    critical_path: PathSumView | None
    race_conditions: RaceCountsView
    is_distributed: bool


def view_trace_dependencies(stored: StoredResult) -> TraceDependencies:
    """Return who called whom; nothing before the analysis."""
    summary = stored.row.summary if stored.row else None
    return TraceDependencies(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        services=summary.services if summary else (),
        calls=summary.calls if summary else (),
    )


def view_trace_distributed(stored: StoredResult) -> TraceDistributed:
    """Return a trace by services."""
    view = view_distributed(stored)
    return TraceDistributed(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        service_breakdown=view.service_breakdown,
        critical_path=view.critical_path,
        race_conditions=view.race_conditions,
        is_distributed=view.is_distributed,
    )
