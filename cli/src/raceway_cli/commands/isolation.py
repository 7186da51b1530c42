"""`raceway isolation`: what the declared transactions of recent traces prove."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway isolation                          the last 15 minutes, by resource
  raceway isolation --last 2h --resource orders-db
"""


@click.command(epilog=_EPILOG)
@click.option("--last", metavar="DURATION", default="15m", show_default=True, help="How far back to look.")
@click.option("--resource", metavar="NAME", help="Only transactions that name this resource.")
@server_options
def command(*, last: str, resource: str | None, as_json: bool, url: str, key: str | None) -> None:
    """Show which isolation levels the declared transactions of recent traces refute, by resource."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.recent_isolation import print_recent_isolation

    with Client(url, key=key) as client:
        found = client.isolation(last=last, resource=resource)
    if as_json:
        print_json(found)
    else:
        print_recent_isolation(found)
