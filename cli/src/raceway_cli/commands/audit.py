"""`raceway audit`: who touched a variable, in causal order."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Example:
  raceway audit 6a2c0f0e-…-1f "accounts['alice']"
"""


@click.command(epilog=_EPILOG)
@click.argument("trace_id")
@click.argument("variable")
@server_options
def command(trace_id: str, variable: str, *, as_json: bool, url: str, key: str | None) -> None:
    """Show every access to VARIABLE in a trace: value, thread, place, and what orders it."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.trace import print_audit

    with Client(url, key=key) as client:
        trails = client.audit_trails(trace_id, variable)
    if as_json:
        print_json(trails)
    else:
        print_audit(trails)
