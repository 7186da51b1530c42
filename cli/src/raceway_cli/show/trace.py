"""Traces as tables: a list of them, one with its events and critical path, and an audit trail."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from raceway_api.original.audit import AccessView
from raceway_api.v1.deadlock import TraceDeadlocks
from raceway_api.v1.event import EventItem
from raceway_api.v1.isolation import IsolationItem
from raceway_api.v1.lock import TraceLocks
from raceway_api.v1.trace import AuditTrails, CriticalPathItem, TraceItem
from raceway_cli.show.anomaly import print_anomalies
from raceway_cli.show.deadlock import print_deadlocks
from raceway_cli.show.isolation import isolation_text
from raceway_cli.show.lock import print_lock_uses
from raceway_cli.show.recent_isolation import isolation_of
from raceway_cli.show.runner import task_beside
from raceway_cli.show.table import duration_text, print_table, time_text
from raceway_core.anomaly_view import AnomalyView
from raceway_core.finding_view import ExampleView

_MOST_DETAIL = 60


class TraceReport(msgspec.Struct, frozen=True):
    """What `raceway trace` shows."""

    trace: TraceItem
    events: list[EventItem]
    races: list[ExampleView]
    critical_paths: list[CriticalPathItem]
    deadlocks: TraceDeadlocks
    locks: TraceLocks
    isolation: IsolationItem
    anomalies: list[AnomalyView]


def print_traces(traces: Sequence[TraceItem]) -> None:
    """Print one row a trace."""
    if not traces:
        click.echo("no traces yet; point an SDK at this server, or run `raceway demo`")
        return
    print_table(
        ("trace", "last event", "duration>", "events>", "races>", "services", "state"),
        [
            (
                trace.trace_id,
                time_text(trace.last_timestamp),
                duration_text(int(trace.last_ns) - int(trace.first_ns)),
                trace.event_count,
                trace.race_pairs,
                ", ".join(service.name for service in trace.services),
                "complete" if trace.is_complete else "incomplete",
            )
            for trace in traces
        ],
    )


def print_trace(report: TraceReport) -> None:
    """Print a trace's summary, events, racing pairs, deadlocks, locks, anomalies and critical paths."""
    trace = report.trace
    print_traces([trace])
    for name, counts in (("notes", trace.notes), ("clock issues", trace.clock_issues)):
        if counts:
            click.echo(f"{name}: " + ", ".join(f"{kind} × {count}" for kind, count in sorted(counts.items())))
    click.echo()
    _print_events(report)
    if report.races:
        click.echo()
        print_table(("race", "first", "second", "missing"), [_race_row(race) for race in report.races])
    print_deadlocks(report.deadlocks.deadlocks, total=report.deadlocks.total)
    print_lock_uses(report.locks.locks)
    if report.isolation.transactions:
        click.echo("\n" + isolation_text(isolation_of(report.isolation)))
    print_anomalies(report.anomalies, ())
    for path in report.critical_paths:
        click.echo()
        _print_path(path)


def print_audit(trails: AuditTrails) -> None:
    """Print the accesses of each trail in causal order."""
    if not trails.trails:
        click.echo(f"trace {trails.trace_id} does not touch {trails.variable}")
    for trail in trails.trails:
        print_table(
            ("time", "access", "value", "service", "thread", "task", "at", "after the one before by", "race"),
            [_access_row(access) for access in trail.accesses],
            title=f"{trail.variable} ({trail.scope})",
            optional="task",
        )


def _print_events(report: TraceReport) -> None:
    first_ns = int(report.trace.first_ns)
    rows = [
        (
            f"+{duration_text(max(int(event.time_ns) - first_ns, 0))}",
            event.kind,
            _detail(event),
            event.metadata.service_name,
            event.metadata.task_id or event.metadata.thread_id,
        )
        for event in report.events
    ]
    print_table(("after>", "event", "what", "service", "task"), rows)
    if left := report.trace.event_count - len(report.events):
        click.echo(f"… {left} more; show them with --events {report.trace.event_count}")


def _detail(event: EventItem) -> str:
    payload = event.payload
    names = (
        "variable",
        "lock_id",
        "function_name",
        "url",
        "status",
        "task_id",
        "future_id",
        "message",
        "name",
    )
    what = next((str(payload[name]) for name in names if payload.get(name) not in {None, ""}), "")
    if "access_type" in payload:
        what = f"{payload['access_type']} {what} = {msgspec.json.encode(payload.get('new_value')).decode()}"
    return what[:_MOST_DETAIL]


def _race_row(race: ExampleView) -> tuple[str, ...]:
    return (
        f"{race.verdict.value} {race.first.variable}",
        f"{race.first.access_type.value} {race.first.location}",
        f"{race.second.access_type.value} {race.second.location}",
        race.missing_edge,
    )


def _print_path(path: CriticalPathItem) -> None:
    whole = max(int(path.duration_ns), 1)
    rows = []
    for segment in path.segments:
        length = int(segment.end_ns) - int(segment.start_ns)
        rows.append(
            (
                duration_text(length),
                f"{length / whole:.0%}",
                segment.label,
                segment.operation,
                segment.service,
            )
        )
    print_table(
        ("time>", "share>", "label", "operation", "service"),
        rows,
        title=f"critical path, {duration_text(int(path.duration_ns))}",
    )


def _access_row(access: AccessView) -> tuple[str, ...]:
    value = access.new_value if access.new_value is not None else access.old_value
    doubt = "" if access.follows else "  (does not follow from the write before)"
    return (
        time_text(access.timestamp),
        access.access_type.value,
        msgspec.json.encode(value).decode() + doubt,
        access.service_name,
        access.thread_id,
        task_beside(access.thread_id, access.task),
        access.location,
        access.edge if access.has_causal_link_to_previous else "nothing: concurrent",
        "race" if access.is_race else "",
    )
