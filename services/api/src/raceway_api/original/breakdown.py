"""The work of one trace by service, in the original's shape."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.original.critical_path import PathView, view_path
from raceway_api.stored import StoredResult
from raceway_core.event import TraceId
from raceway_core.finding import Example, Severity, severity_of

_NS_PER_MS = 1_000_000


class ServiceWorkView(msgspec.Struct, frozen=True, kw_only=True):
    """`total_duration_ms` sums what the service's events took themselves, without what they called."""

    name: str
    event_count: int
    total_duration_ms: float


class BreakdownView(msgspec.Struct, frozen=True, kw_only=True):
    services: list[ServiceWorkView]
    cross_service_calls: int
    total_services: int


class PathSumView(msgspec.Struct, frozen=True, kw_only=True):
    total_duration_ms: float
    trace_total_duration_ms: float
    percentage_of_total: float
    path_events: int


class RaceCountsView(msgspec.Struct, frozen=True, kw_only=True):
    """`total_races` is exact; the others count among the listed ones."""

    total_races: int
    critical_races: int
    warning_races: int


class DistributedView(msgspec.Struct, frozen=True, kw_only=True):
    """A trace by services. `is_distributed`: more than one took part."""

    trace_id: TraceId
    service_breakdown: BreakdownView
    critical_path: PathSumView | None
    race_conditions: RaceCountsView
    is_distributed: bool


def view_distributed(stored: StoredResult) -> DistributedView:
    """Return a trace by services. Before its analysis nothing is known of them but their events."""
    breakdown = _breakdown(stored)
    return DistributedView(
        trace_id=stored.trace_id,
        service_breakdown=breakdown,
        critical_path=_path_sum(view_path(stored)) if stored.critical_paths else None,
        race_conditions=_race_counts(stored.races, stored.row.race_pairs if stored.row else 0),
        is_distributed=breakdown.total_services > 1,
    )


def _breakdown(stored: StoredResult) -> BreakdownView:
    counts: dict[str, int] = {}
    spent_ns: dict[str, int] = {}
    for event in stored.ordered.events:
        name = event.metadata.service_name
        counts[name] = counts.get(name, 0) + 1
        spent_ns[name] = spent_ns.get(name, 0) + stored.self_times.get(event.id, 0)
    services = [
        ServiceWorkView(name=name, event_count=counts[name], total_duration_ms=spent_ns[name] / _NS_PER_MS)
        for name in sorted(counts)
    ]
    calls = sum(call.count for call in stored.row.summary.calls) if stored.row else 0
    return BreakdownView(services=services, cross_service_calls=calls, total_services=len(services))


def _path_sum(path: PathView) -> PathSumView:
    return PathSumView(
        total_duration_ms=path.total_duration_ms,
        trace_total_duration_ms=path.trace_total_duration_ms,
        percentage_of_total=path.percentage_of_total,
        path_events=path.path_events,
    )


def _race_counts(races: Sequence[Example], total: int) -> RaceCountsView:
    levels = [severity_of(race.first.access_type, race.second.access_type, race.verdict) for race in races]
    return RaceCountsView(
        total_races=total,
        critical_races=levels.count(Severity.CRITICAL),
        warning_races=levels.count(Severity.WARNING),
    )
