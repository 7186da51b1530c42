"""`raceway deadlocks`: who waited for whom in a circle, or could have."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway deadlocks                  those that happened, then those that can
  raceway deadlocks --json
"""


@click.command(epilog=_EPILOG)
@server_options
def command(*, as_json: bool, url: str, key: str | None) -> None:
    """Show deadlocks of all traces: each task's request, what it holds, the order to take locks in."""
    from raceway_cli.client import Client
    from raceway_cli.show.finding import findings_text
    from raceway_cli.show.json import print_json

    with Client(url, key=key) as client:
        deadlocks = list(client.deadlocks())
    if as_json:
        print_json(deadlocks)
    else:
        click.echo(findings_text(deadlocks) if deadlocks else click.style("no deadlocks", fg="green"))
