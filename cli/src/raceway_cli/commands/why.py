"""`raceway why`: why one event is before another."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Example:
  raceway why 6a2c0f0e-…-1f 58fb9d92-…-95 58fb9d92-…-9e     of two events that `raceway races` shows
"""


@click.command(epilog=_EPILOG)
@click.argument("trace_id")
@click.argument("from_event", metavar="FROM")
@click.argument("to_event", metavar="TO")
@server_options
def command(
    trace_id: str, from_event: str, to_event: str, *, as_json: bool, url: str, key: str | None
) -> None:
    """Show why event FROM of a trace is before event TO, or what both follow if nothing orders them."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.why import print_why

    with Client(url, key=key) as client:
        why = client.why(trace_id, from_event, to_event)
    if as_json:
        print_json(why)
    else:
        print_why(why)
