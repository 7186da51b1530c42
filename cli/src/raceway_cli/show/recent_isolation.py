"""What a server says of isolation, of one trace or of recent ones, as a person reads it."""

from __future__ import annotations

import click

from raceway_api.v1.isolation import IsolationItem, RecentIsolation
from raceway_cli.show.finding import counted
from raceway_cli.show.isolation import isolation_text
from raceway_core.isolation.history import Isolation


def isolation_of(item: IsolationItem) -> Isolation:
    """Return the check that a server tells of."""
    return Isolation(
        item.transactions, item.refuted_levels, item.anomalies, item.unrecoverable_keys, item.cut
    )


def print_recent_isolation(recent: RecentIsolation) -> None:
    """Print a section a resource."""
    if not recent.resources:
        click.echo("no transactions were declared in that time")
    for number, found in enumerate(recent.resources):
        name = found.resource or "transactions that name no resource"
        heading = click.style(name, bold=True)
        click.echo(f"{chr(10) if number else ''}{heading}  in {counted(found.traces, 'trace')}")
        click.echo(isolation_text(isolation_of(found.isolation)))
    if recent.cut:
        click.echo("\nthere were more transactions than are checked at once; the newest were")
