"""A trace in the original's shape: everything that is known of it in one answer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.original.anomaly import AnomalyView, anomaly_lines, view_anomalies
from raceway_api.original.audit import AccessView, view_trails
from raceway_api.original.critical_path import PathView, view_path
from raceway_api.original.event import EventView, view_events
from raceway_api.original.race import GroupView, RaceView, race_lines, view_groups, view_race
from raceway_api.stored import StoredResult
from raceway_core.anomaly import Anomaly
from raceway_core.event import TraceId
from raceway_core.result import ServiceCount


class AnalysisView(msgspec.Struct, frozen=True, kw_only=True):
    """`potential_races` counts racing pairs exactly; `race_details` lists them up to a limit.

    `concurrent_events` are the same pairs: accesses that could have met in either order.
    `race_groups` has the listed pairs by fault.
    """

    trace_id: TraceId
    concurrent_events: int
    potential_races: int
    anomalies: list[str]
    race_details: list[RaceView]
    race_groups: list[GroupView]


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """How often one service called another."""

    from_: str = msgspec.field(name="from")
    to: str
    call_count: int


class DependenciesView(msgspec.Struct, frozen=True):
    trace_id: TraceId
    services: list[ServiceCount]
    dependencies: list[CallView]


class TraceView(msgspec.Struct, frozen=True, kw_only=True):
    """A trace. `as_of` is the version of its events that the analysis has seen, of `version`."""

    trace_id: TraceId
    event_count: int
    events: list[EventView]
    audit_trails: dict[str, list[AccessView]]
    analysis: AnalysisView
    critical_path: PathView | None
    anomalies: list[AnomalyView]
    dependencies: DependenciesView | None
    as_of: int
    version: int


class TraceEventsView(msgspec.Struct, frozen=True):
    trace_id: TraceId
    event_count: int
    events: list[EventView]


def view_trace(stored: StoredResult, anomalies: Sequence[Anomaly]) -> TraceView:
    """Return everything that is known of a trace."""
    events = view_events(stored)
    return TraceView(
        trace_id=stored.trace_id,
        event_count=len(events),
        events=events,
        audit_trails=view_trails(stored.audit_trails),
        analysis=view_analysis(stored, anomalies),
        critical_path=view_path(stored) if events else None,
        anomalies=view_anomalies(anomalies, stored.measurements, stored.ordered.events),
        dependencies=view_dependencies(stored) if stored.row else None,
        as_of=stored.as_of,
        version=stored.version,
    )


def view_trace_events(stored: StoredResult) -> TraceEventsView:
    """Return the events of a trace."""
    events = view_events(stored)
    return TraceEventsView(stored.trace_id, len(events), events)


def view_analysis(stored: StoredResult, anomalies: Sequence[Anomaly]) -> AnalysisView:
    """Return the races inside a trace, and lines about its anomalies too."""
    races = [view_race(example) for example in stored.races]
    pairs = stored.row.race_pairs if stored.row else 0
    return AnalysisView(
        trace_id=stored.trace_id,
        concurrent_events=pairs,
        potential_races=pairs,
        anomalies=[*race_lines(races), *anomaly_lines(anomalies)],
        race_details=races,
        race_groups=view_groups(races),
    )


def view_dependencies(stored: StoredResult) -> DependenciesView:
    """Return which services took part in a trace, and who called whom; nothing before the analysis."""
    if stored.row is None:
        return DependenciesView(stored.trace_id, [], [])
    counts: dict[tuple[str, str], int] = {}
    for call in stored.row.summary.calls:
        pair = call.caller, call.callee
        counts[pair] = counts.get(pair, 0) + call.count
    calls = [CallView(from_=caller, to=callee, call_count=n) for (caller, callee), n in counts.items()]
    return DependenciesView(stored.trace_id, list(stored.row.summary.services), calls)
