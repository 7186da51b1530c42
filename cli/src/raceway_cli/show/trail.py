"""Variables of all traces as a table, and the audit trail of one."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from raceway_api.v1.trail import TrailItem, TrailView
from raceway_api.v1.variable import VariableItem
from raceway_cli.show.runner import task_beside
from raceway_cli.show.table import print_table, time_text
from raceway_core.runner import short_traces

_MOST_ACCESSES = 1_000

_COLUMNS = (
    "time",
    "trace",
    "access",
    "value",
    "service",
    "thread",
    "task",
    "at",
    "after the one before by",
    "race",
)


def print_variables(variables: Sequence[VariableItem]) -> None:
    """Print one row a variable."""
    if not variables:
        click.echo("no variables; watch some with an SDK")
        return
    print_table(
        ("variable", "scope", "races>", "across>", "accesses>", "reads>", "writes>", "traces>", "services"),
        [
            (
                one.name,
                one.scope,
                one.race_pairs,
                one.across_pairs,
                one.accesses,
                one.reads,
                one.writes,
                one.trace_count,
                ", ".join(one.services),
            )
            for one in variables
        ],
    )


def print_trail(trail: TrailView) -> None:
    """Print the accesses of a server's trail, and what else there is of that name."""
    if not trail.accesses:
        click.echo(f"nothing touched {trail.variable}" + (" there" if trail.scopes else ""))
    else:
        _print_accesses(trail, trail.accesses)
    if trail.next_cursor is not None:
        click.echo(f"… more; show it with --limit or --from {trail.accesses[-1].access.timestamp}")
    if trail.is_cut:
        click.echo("too many traces touched it at once to look at all of them: races may be missing")
    _print_others(trail)


def print_whole_trail(trail: TrailView, *, has_time: bool) -> None:
    """Print the first accesses of a whole trail, with their times if they have any."""
    _print_accesses(trail, trail.accesses[:_MOST_ACCESSES], has_time=has_time)
    if (left := len(trail.accesses) - _MOST_ACCESSES) > 0:
        click.echo(f"… {left:,} more with --json")
    _print_others(trail)


def _print_accesses(trail: TrailView, items: Sequence[TrailItem], *, has_time: bool = True) -> None:
    traces = short_traces([item.access.trace_id for item in items])
    first = 0 if has_time else 1
    print_table(
        _COLUMNS[first:],
        [_row(item, trace)[first:] for item, trace in zip(items, traces, strict=True)],
        title=f"{trail.variable} ({trail.scope})",
        optional="task",
    )


def _print_others(trail: TrailView) -> None:
    others = [one.scope for one in trail.scopes if one.scope != trail.scope]
    if others:
        click.echo(f"also of that name, see --scope: {', '.join(others)}")


def _row(item: TrailItem, trace: str) -> tuple[str, ...]:
    access = item.access
    value = access.new_value if access.new_value is not None else access.old_value
    doubt = "" if item.follows else "  (does not follow from the write before)"
    return (
        time_text(access.timestamp),
        trace,
        access.access_type.value,
        msgspec.json.encode(value).decode() + doubt,
        access.service,
        access.thread_id,
        task_beside(access.thread_id, access.task),
        access.location,
        _EDGES.get(item.edge, item.edge),
        "race" if item.is_race else "",
    )


_EDGES = {"time": "nothing: later by the clock", "concurrent": "nothing: concurrent"}
