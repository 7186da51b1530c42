"""Locks as tables: how those of a trace or a file were used, and those of all traces."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_api.v1.lock import LockTotalItem
from raceway_cli.show.table import duration_text, print_first, print_table
from raceway_core.lock_use_view import LockUseView

_MOST = 10


def print_lock_uses(uses: Sequence[LockUseView]) -> None:
    """Print the locks most waited for; nothing where there are none."""
    if not uses:
        return
    click.echo()
    columns = (
        "lock",
        "waited>",
        "contended>",
        "held>",
        "longest>",
        "holds>",
        "owners>",
        "waiters>",
        "in a row>",
        "scope",
    )
    print_first(_MOST, columns, uses, _use_row)


def print_locks(locks: Sequence[LockTotalItem]) -> None:
    """Print the locks of all traces."""
    if not locks:
        click.echo("no locks yet; an SDK records those that it is told to, or finds by itself")
        return
    columns = ("lock", "waited>", "contended>", "held>", "waits>", "holds>", "traces>", "scope")
    print_table(columns, [_total_row(lock) for lock in locks])


def _use_row(use: LockUseView) -> tuple[object, ...]:
    return (
        use.lock,
        duration_text(int(use.wait_ns)),
        duration_text(int(use.contended_ns)),
        duration_text(int(use.hold_ns)),
        duration_text(int(use.longest_hold_ns)),
        use.holds,
        len(use.owners),
        len(use.waiters),
        use.longest_chain,
        use.scope,
    )


def _total_row(lock: LockTotalItem) -> tuple[object, ...]:
    return (
        lock.lock,
        duration_text(int(lock.wait_ns)),
        duration_text(int(lock.contended_ns)),
        duration_text(int(lock.hold_ns)),
        lock.waits,
        lock.holds,
        lock.traces,
        lock.scope,
    )
