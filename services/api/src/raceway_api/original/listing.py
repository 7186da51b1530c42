"""Lists in the original's shape: traces by page number, services, races of all traces."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.original.race import GlobalRaceView, global_race_lines
from raceway_common.ports.trace_store import ServiceRow, Totals, TraceRow
from raceway_core.event import TraceId
from raceway_core.time import format_time


class TraceLineView(msgspec.Struct, frozen=True, kw_only=True):
    """A trace in one line; `race_pairs` is ours."""

    trace_id: TraceId
    event_count: int
    first_timestamp: str
    last_timestamp: str
    service_count: int
    services: list[str]
    race_pairs: int


class TracePageView(msgspec.Struct, frozen=True, kw_only=True):
    """A page of traces, newest first. `page` and `page_size` are what was served."""

    total_traces: int
    page: int
    page_size: int
    total_pages: int
    traces: list[TraceLineView]


class ServiceView(msgspec.Struct, frozen=True):
    name: str
    event_count: int
    trace_count: int


class ServicesView(msgspec.Struct, frozen=True):
    total_services: int
    services: list[ServiceView]


class RacesView(msgspec.Struct, frozen=True):
    """`total_races` counts the findings that are shown by default; `races` has the first hundred."""

    total_races: int
    races: list[GlobalRaceView]


class GlobalAnalysisView(msgspec.Struct, frozen=True, kw_only=True):
    """`concurrent_events` counts racing pairs inside traces, `potential_races` findings."""

    total_traces: int
    total_events: int
    concurrent_events: int
    potential_races: int
    anomalies: list[str]
    race_details: list[GlobalRaceView]


def view_page(rows: Sequence[TraceRow], *, total: int, page: int, page_size: int) -> TracePageView:
    """Return one page of the list of traces."""
    return TracePageView(
        total_traces=total,
        page=page,
        page_size=page_size,
        total_pages=-(-total // page_size),
        traces=[_view_line(row) for row in rows],
    )


def view_services(rows: Sequence[ServiceRow]) -> ServicesView:
    """Return the list of services."""
    services = [ServiceView(row.name, row.event_count, row.trace_count) for row in rows]
    return ServicesView(len(services), services)


def view_global_analysis(
    totals: Totals, races: Sequence[GlobalRaceView], *, potential_races: int
) -> GlobalAnalysisView:
    """Return the races of all traces."""
    return GlobalAnalysisView(
        total_traces=totals.traces,
        total_events=totals.events,
        concurrent_events=totals.race_pairs,
        potential_races=potential_races,
        anomalies=global_race_lines(races),
        race_details=list(races),
    )


def _view_line(row: TraceRow) -> TraceLineView:
    summary = row.summary
    services = [service.name for service in summary.services]
    return TraceLineView(
        trace_id=summary.trace_id,
        event_count=summary.event_count,
        first_timestamp=format_time(summary.first_ns),
        last_timestamp=format_time(summary.last_ns),
        service_count=len(services),
        services=services,
        race_pairs=row.race_pairs,
    )
