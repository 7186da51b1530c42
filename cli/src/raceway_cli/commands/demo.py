"""`raceway demo`: a real bank, a real race, and the proof."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

_EPILOG = """\b
Examples:
  raceway demo                              all in one process
  raceway demo --suite --analyzers 2        NATS, Postgres and Redis, two analyzers
  raceway demo --exit                       do not stay up afterwards
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("raceway-data/demo"),
    show_default=True,
    help="Data directory; run the demo again on it and the findings grow.",
)
@click.option(
    "--port", type=int, default=8080, show_default=True, help="Port of the API; 0 takes a free one."
)
@click.option("--suite", "as_suite", is_flag=True, help="Run the suite over real servers, not all in one.")
@click.option(
    "--analyzers", type=click.IntRange(1, 16), help="How many analyzers the suite has.  [default: 1]"
)
@click.option(
    "--stay/--exit",
    default=None,
    help="Stay up afterwards, so that you can look around.  [default: on a terminal]",
)
def command(data: Path, port: int, *, as_suite: bool, analyzers: int | None, stay: bool | None) -> None:
    """Start Raceway and three small banks, drive concurrent transfers, show what is found.

    One bank checks a balance and then writes it, with a journal entry between; two hold a lock over
    both. Nothing is arranged so that the race must happen: it is what such code does.
    """
    if analyzers is not None and not as_suite:
        raise click.UsageError("--analyzers goes with --suite; all-in-one has one analyzer with workers")
    from raceway_cli.demo import command_name, drive_banks, findings_of, report
    from raceway_cli.deployment import all_in_one, suite

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that children are stopped
    directory = data / "suite" if as_suite else data
    started = (
        suite(directory, analyzers=analyzers or 1, port=port) if as_suite else all_in_one(data, port=port)
    )
    click.echo("starting Raceway …")
    with started as deployment:
        click.echo(f"Raceway runs at {deployment.api_url}; racing three banks:\n")
        drive_banks(deployment.events_url, data / "banks", say=click.echo)
        click.echo(f"\n{report(findings_of(deployment), deployment)}")
        if sys.stdin.isatty() if stay is None else stay:
            _wait_for_ctrl_c()
        elif not as_suite:
            click.echo(f"\nlook again with: {command_name()} up --data {data}")


def _wait_for_ctrl_c() -> None:
    click.echo("\nRaceway stays up; Ctrl-C ends it")
    try:
        signal.pause()
    except KeyboardInterrupt:
        click.echo("\nstopping …")
