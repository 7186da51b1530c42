"""How the clocks of hosts differ, as a table."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_cli.show.table import duration_text, print_first, time_text
from raceway_core.clock_offset_view import OffsetView, StepView
from raceway_core.time import FIRST_NS, LAST_NS, format_time

_MOST = 20


def print_clock_offsets(offsets: Sequence[OffsetView], steps: Sequence[StepView]) -> None:
    """Print by how much the hosts' clocks differ, and when one was set."""
    others = [offset for offset in offsets if offset.host != offset.reference]
    if others:
        click.echo()
        columns = ("host", "to have the time of", "add at least>", "at most>", "from", "until")
        print_first(_MOST, columns, others, _row)
    for step in steps[:_MOST]:
        click.echo(
            f"\nclock step: a clock of {', '.join(step.hosts)} was set, by "
            f"{duration_text(int(step.least_ns))} or more, before {_moment(step.time_ns)}; "
            f"event {step.event_id} of trace {step.trace_id} shows it"
        )


def _row(offset: OffsetView) -> tuple[str, ...]:
    return (
        offset.host,
        offset.reference,
        _signed(offset.low_ns, "unknown"),
        _signed(offset.high_ns, "unknown"),
        _moment(offset.from_ns),
        _moment(offset.until_ns),
    )


def _signed(duration_ns: str | None, unknown: str) -> str:
    if duration_ns is None:
        return unknown
    value = int(duration_ns)
    return f"−{duration_text(-value)}" if value < 0 else duration_text(value)


def _moment(time_ns: str) -> str:
    return time_text(format_time(min(max(int(time_ns), FIRST_NS), LAST_NS)))
