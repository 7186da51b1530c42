"""Traces for `/api/v1`. `as_of` is the version of the events that the analysis has seen, of `version`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.cursor import write_cursor
from raceway_api.original.audit import AccessView
from raceway_common.ports.trace_store import TraceCursor, TraceRow
from raceway_core.event import EventId, TraceId
from raceway_core.finding_view import ExampleView
from raceway_core.result import Call, CriticalPath, ServiceCount
from raceway_core.time import format_time


class TraceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A trace. `notes` and `clock_issues` count by kind what was found odd about its events."""

    trace_id: TraceId
    event_count: int
    first_timestamp: str
    last_timestamp: str
    first_ns: str
    last_ns: str
    services: tuple[ServiceCount, ...]
    calls: tuple[Call, ...]
    race_pairs: int
    is_complete: bool
    missing_parents: int
    notes: dict[str, int]
    clock_issues: dict[str, int]
    as_of: int
    version: int


class TraceList(msgspec.Struct, frozen=True):
    """A page of traces, newest last event first; `next_cursor` is null on the last page."""

    traces: list[TraceItem]
    next_cursor: str | None


class TraceRaces(msgspec.Struct, frozen=True, kw_only=True):
    """`total` counts the racing pairs exactly; `races` lists them, strongest first, up to a limit."""

    trace_id: TraceId
    as_of: int
    version: int
    total: int
    races: list[ExampleView]


class AuditTrailItem(msgspec.Struct, frozen=True, kw_only=True):
    """The accesses of one variable in causal order; `scope` says who shares the variable."""

    variable: str
    scope: str
    accesses: list[AccessView]


class AuditTrails(msgspec.Struct, frozen=True, kw_only=True):
    """One trail per scope that has a variable of that name."""

    trace_id: TraceId
    as_of: int
    version: int
    variable: str
    trails: list[AuditTrailItem]


class SegmentItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A stretch of the path: the innermost open operation, and work or a kind of wait."""

    event_id: EventId
    span_id: str
    operation: str
    kind: str
    service: str
    label: str
    location: str
    start_ns: str
    end_ns: str


class CriticalPathItem(msgspec.Struct, frozen=True, kw_only=True):
    """The path of one root; its segments partition `start_ns..end_ns`, earliest first."""

    root_id: EventId
    start_ns: str
    end_ns: str
    duration_ns: str
    segments: list[SegmentItem]


class CriticalPaths(msgspec.Struct, frozen=True, kw_only=True):
    """One critical path per root."""

    trace_id: TraceId
    as_of: int
    version: int
    paths: list[CriticalPathItem]


def view_item(row: TraceRow) -> TraceItem:
    """Return one trace."""
    summary = row.summary
    return TraceItem(
        trace_id=summary.trace_id,
        event_count=summary.event_count,
        first_timestamp=format_time(summary.first_ns),
        last_timestamp=format_time(summary.last_ns),
        first_ns=str(summary.first_ns),
        last_ns=str(summary.last_ns),
        services=summary.services,
        calls=summary.calls,
        race_pairs=row.race_pairs,
        is_complete=summary.is_complete,
        missing_parents=summary.missing_parents,
        notes=summary.notes,
        clock_issues=summary.clock_issues,
        as_of=row.as_of,
        version=row.version,
    )


def view_list(rows: Sequence[TraceRow], *, limit: int) -> TraceList:
    """Return the first `limit` of `rows`; one more row says that there is another page."""
    shown = rows[:limit]
    more = len(rows) > limit
    last = shown[-1].summary if more else None
    cursor = write_cursor(TraceCursor(last.last_ns, last.trace_id)) if last else None
    return TraceList([view_item(row) for row in shown], cursor)


def view_critical_path(path: CriticalPath) -> CriticalPathItem:
    """Return the critical path of one root."""
    return CriticalPathItem(
        root_id=path.root_id,
        start_ns=str(path.start_ns),
        end_ns=str(path.end_ns),
        duration_ns=str(path.end_ns - path.start_ns),
        segments=[
            SegmentItem(
                event_id=segment.event_id,
                span_id=segment.span_id,
                operation=segment.operation,
                kind=segment.kind,
                service=segment.service,
                label=segment.label,
                location=segment.location,
                start_ns=str(segment.start_ns),
                end_ns=str(segment.end_ns),
            )
            for segment in path.segments
        ],
    )
