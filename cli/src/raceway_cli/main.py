"""The `raceway` command."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from raceway_cli.lazy_group import Entry, LazyGroup
from raceway_core.errors import RacewayError

_COMMANDS = {
    "demo": Entry("raceway_cli.commands.demo", "Race a real bank and show what Raceway finds."),
    "up": Entry("raceway_cli.commands.up", "Run everything in one process, on one port."),
    "races": Entry("raceway_cli.commands.races", "Show what raced, strongest proof first."),
    "anomalies": Entry(
        "raceway_cli.commands.anomalies", "Show what took longer, or failed more, than it did."
    ),
    "traces": Entry("raceway_cli.commands.traces", "List traces, newest first."),
    "trace": Entry("raceway_cli.commands.trace", "Show one trace: events, races, anomalies, path."),
    "deadlocks": Entry("raceway_cli.commands.deadlocks", "Show who waited, or can wait, in a circle."),
    "locks": Entry("raceway_cli.commands.locks", "List locks, the one most waited for first."),
    "isolation": Entry("raceway_cli.commands.isolation", "Show what declared transactions prove."),
    "why": Entry("raceway_cli.commands.why", "Show why one event of a trace is before another."),
    "audit": Entry("raceway_cli.commands.audit", "Show every access to a variable, step by step."),
    "variables": Entry("raceway_cli.commands.variables", "List the variables of all traces."),
    "services": Entry("raceway_cli.commands.services", "Show the services and who calls whom."),
    "analyze": Entry("raceway_cli.commands.analyze", "Analyze a file offline, without a server."),
    "check": Entry("raceway_cli.commands.check", "Fail in CI on what a baseline does not know."),
    "migrate": Entry("raceway_cli.commands.migrate", "Bring a database to the current schema."),
    "ingest": Entry("raceway_cli.commands.ingest", "Run the ingest service of the suite."),
    "analyzer": Entry("raceway_cli.commands.analyzer", "Run one analyzer of the suite."),
    "api": Entry("raceway_cli.commands.api", "Run the API service of the suite."),
}

_EXAMPLES = """\b
Examples:
  raceway demo                       see a lost update found and proven
  raceway up                         collect events on http://127.0.0.1:8080
  raceway races                      what raced in what was collected
  raceway analyze events.jsonl       the same for a file, without a server
  raceway check events.jsonl         the same in CI: fail on what is new
"""

group = LazyGroup(
    _COMMANDS,
    name="raceway",
    help=f"Find what raced with what, why, and what it cost.\n\n{_EXAMPLES}",
    context_settings={"help_option_names": ["-h", "--help"]},
)
group = click.version_option(package_name="raceway-cli", prog_name="raceway")(group)


def main() -> None:
    """Run the command line; an error that Raceway understands is a line, not a traceback."""
    try:
        group()
    except* RacewayError as errors:
        for error in _leaves(errors):
            click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)
        sys.exit(2)


def _leaves(errors: BaseExceptionGroup[RacewayError]) -> Iterator[RacewayError]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
