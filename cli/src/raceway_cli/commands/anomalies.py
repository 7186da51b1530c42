"""`raceway anomalies`: what took longer, or failed more often, than it did."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway anomalies                the newest ten minutes first, in them the worst
  raceway anomalies --limit 500 --json
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many at most."
)
@server_options
def command(*, limit: int, as_json: bool, url: str, key: str | None) -> None:
    """Show which operations took longer, or failed more often, than they did."""
    from raceway_cli.client import Client
    from raceway_cli.show.anomaly import print_anomalies
    from raceway_cli.show.json import print_json

    with Client(url, key=key) as client:
        found = client.anomalies(most=limit)
    if as_json:
        print_json(found.anomalies)
    elif found.anomalies:
        print_anomalies(found.anomalies, (), most=limit)
    else:
        click.echo("nothing took longer, or failed more often, than it did")
    if found.is_cut:
        click.echo("too much was slow to look into all of it", err=as_json)
