"""`raceway traces`: the traces that were analyzed."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway traces                     the newest 20
  raceway traces --racy              those with races inside
  raceway traces --service bank --limit 100 --json
"""


@click.command(epilog=_EPILOG)
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many.")
@click.option("--service", help="Only traces in which this service took part.")
@click.option("--racy", is_flag=True, help="Only traces with races inside.")
@server_options
def command(*, limit: int, service: str | None, racy: bool, as_json: bool, url: str, key: str | None) -> None:
    """List analyzed traces, newest last event first."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.trace import print_traces

    with Client(url, key=key) as client:
        traces = client.traces(most=limit, service=service, has_race=True if racy else None)
    if as_json:
        print_json(traces)
    else:
        print_traces(traces)
