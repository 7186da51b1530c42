"""`raceway trace`: one trace."""

from __future__ import annotations

import click

from raceway_cli.options import server_options

_EPILOG = """\b
Examples:
  raceway trace 6a2c0f0e-…-1f              events, races, anomalies, critical path
  raceway trace 6a2c0f0e-…-1f --events 1000 --json
"""


@click.command(epilog=_EPILOG)
@click.argument("trace_id")
@click.option(
    "--events", type=click.IntRange(0, 100_000), default=50, show_default=True, help="How many events."
)
@server_options
def command(trace_id: str, *, events: int, as_json: bool, url: str, key: str | None) -> None:
    """Show a trace: its events in causal order, racing pairs, deadlocks, locks, anomalies and path."""
    from raceway_cli.client import Client
    from raceway_cli.show.json import print_json
    from raceway_cli.show.trace import TraceReport, print_trace

    with Client(url, key=key) as client:
        report = TraceReport(
            trace=client.trace(trace_id),
            events=client.events(trace_id, most=events) if events else [],
            races=client.races(trace_id).races,
            critical_paths=client.critical_paths(trace_id).paths,
            deadlocks=client.deadlocks_in(trace_id),
            locks=client.locks_in(trace_id),
            isolation=client.isolation_in(trace_id).isolation,
            anomalies=client.trace_anomalies(trace_id).anomalies,
        )
    if as_json:
        print_json(report)
    else:
        print_trace(report)
