"""Deadlocks of one trace, a line each."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_core.result import Deadlock, DeadlockStatus

_MOST = 10
_MOST_THREADS = 4


def print_deadlocks(deadlocks: Sequence[Deadlock], *, total: int) -> None:
    """Print the first ones; nothing where there are none."""
    if not deadlocks:
        return
    click.echo()
    for deadlock in deadlocks[:_MOST]:
        click.echo(_line(deadlock))
    if (left := total - min(len(deadlocks), _MOST)) > 0:
        click.echo(f"… {left:,} more deadlocks; `raceway deadlocks` shows what they have in common")


def _line(deadlock: Deadlock) -> str:
    is_actual = deadlock.status is DeadlockStatus.ACTUAL
    mark = click.style(f"{deadlock.status.value} deadlock", fg="red" if is_actual else "yellow", bold=True)
    waits = [
        f"{thread} waits for {lock}" + (f" at {location}" if location else "")
        for thread, lock, location in zip(deadlock.threads, deadlock.locks, deadlock.locations, strict=True)
    ]
    if (left := len(waits) - _MOST_THREADS) > 0:
        waits = [*waits[:_MOST_THREADS], f"{left} more"]
    return f"{mark}  " + ", ".join(waits)
