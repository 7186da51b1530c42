"""`raceway analyze`: a file, without a server."""

from __future__ import annotations

import sys
from typing import Unpack

import click

from raceway_cli.file_options import (
    FileOptions,
    file_options,
    files_argument,
    question_of,
    report_options,
    report_or_exit,
)
from raceway_cli.question import FACTOR_OF, NamedNumber
from raceway_cli.reported.item import LEVELS, any_at_least

_EPILOG = """\b
Formats:
  raceway   JSON lines of events or batches, or one JSON array of events
  otlp      OpenTelemetry's JSON, {"resourceSpans": […]}, one document or one a line
  jaeger    what the Jaeger UI exports, {"data": [{"traceID", "spans", "processes"}]}
  shiviz    GoVector logs, host {clock} and text on two lines; others with --pattern
  history   {"sessions": [[{"id", "status", "ops": [{"op", "key", "value"}]}]]}
  std       RAPID's thread|op(target)|location, op one of r w acq rel fork join begin end

\b
Examples:
  raceway analyze events.jsonl
  raceway analyze web.jsonl bank.jsonl.gz spans.json   traces that are spread over files
  raceway analyze events.jsonl --explain 4f0c          one finding with all its evidence
  raceway analyze events.jsonl --sarif race.sarif --junit race.xml --fail-on observed
  raceway analyze --format std trace.std --json
  raceway analyze --pattern '(?<host>\\S+) (?<clock>{.*}) (?<event>.*)' lines.log
  curl -s https://example.org/events.jsonl.gz | raceway analyze -

\b
Exit status: 0 nothing at or above --fail-on, 1 something is, 2 the input cannot be read,
3 a fault of Raceway's own.
"""


@click.command(epilog=_EPILOG)
@files_argument(required=True)
@file_options
@click.option("--all", "with_hidden", is_flag=True, help="Also what is hidden as noise.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option(
    "--explain", metavar="FINGERPRINT", help="Only this finding, or the one that begins so, in full."
)
@report_options
@click.option(
    "--what-if", type=FACTOR_OF, help="NAME=FACTOR: as if the operation took so many times as long."
)
@click.option("--fail-on", type=click.Choice(LEVELS), help="Verdict or severity from which to exit with 1.")
def command(
    files: tuple[str, ...],
    *,
    with_hidden: bool,
    as_json: bool,
    explain: str | None,
    sarif: str | None,
    junit: str | None,
    what_if: NamedNumber | None,
    fail_on: str | None,
    **how: Unpack[FileOptions],
) -> None:
    """Find races, lost updates, deadlocks and anomalies in FILES, or in standard input where one is `-`.

    Files of events are analyzed together, as one set of events. gzip is unpacked. Nothing is sent
    anywhere and nothing is stored.
    """
    from raceway_cli.explanation import explanation_text
    from raceway_cli.output.destination import check_destinations
    from raceway_cli.output.reports import Reports
    from raceway_cli.reported.items import found_in_report
    from raceway_cli.show.json import print_json
    from raceway_cli.show.report import print_report

    if as_json and explain is not None:
        raise click.UsageError("--explain prints a text, --json all of the report")
    is_taken = check_destinations({"--json": "-" if as_json else None, "--sarif": sarif, "--junit": junit})
    report = report_or_exit(files, question_of(how, what_if, with_hidden=with_hidden))
    items = found_in_report(report).items if sarif or junit or fail_on or explain is not None else []
    Reports(sarif, junit, files).write(items, failing={item.fingerprint for item in items})
    if as_json:
        print_json(report)
    elif explain is not None:
        click.echo(explanation_text(items, report.findings or (), explain))
    elif not is_taken:
        print_report(report)
    if fail_on and any_at_least(items, fail_on):
        sys.exit(1)
