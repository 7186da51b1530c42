"""`raceway audit`: who touched a variable, step by step."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway audit "accounts['alice']"                       in all traces
  raceway audit balance --from 2026-11-24T12:00:00Z       from some time on
  raceway audit balance --trace 6a2c0f0e-…-1f             in one trace, in causal order
"""


@click.command(epilog=_EPILOG)
@click.argument("variable")
@click.option("--trace", "trace_id", help="Only this trace.")
@click.option("--scope", help="Which of the variables of that name; else the most accessed one.")
@click.option("--from", "from_time", help="Only what ended at this time or later.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="How many.")
@server_options
def command(
    variable: str,
    *,
    trace_id: str | None,
    scope: str | None,
    from_time: str | None,
    limit: int,
    as_json: bool,
    url: str,
    key: str | None,
) -> None:
    """Show every access to VARIABLE: value, service, thread, place, and what orders it.

    Over all traces, in the order of time and of locks that were handed over; or in one trace.
    """
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.trace import print_audit
    from raceway_cli.show.trail import print_trail

    with Client(url, key=key) as client:
        if trace_id is not None:
            trails = client.audit_trails(trace_id, variable)
            print_json(trails) if as_json else print_audit(trails)
            return
        trail = client.trail(variable, scope=scope, from_time=from_time, most=limit)
    print_json(trail) if as_json else print_trail(trail)
