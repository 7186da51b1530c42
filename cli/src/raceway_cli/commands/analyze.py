"""`raceway analyze`: a file, without a server."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Unpack

import click

from raceway_cli.file_options import (
    FileOptions,
    file_options,
    files_argument,
    question_of,
    report_options,
    report_or_exit,
    trail_or_exit,
)
from raceway_cli.question import FACTOR_OF, NamedNumber
from raceway_cli.reported.item import LEVELS, Item, any_at_least

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
  raceway analyze events.jsonl --audit "accounts['alice']"
                                                       who touched a variable, step by step
  raceway analyze events.jsonl --sarif race.sarif --junit race.xml --fail-on observed
  raceway analyze --format std trace.std --json
  raceway analyze --pattern '(?<host>\\S+) (?<clock>{.*}) (?<event>.*)' lines.log
  curl -s https://example.org/events.jsonl.gz | raceway analyze -

\b
Exit status: 0 nothing at or above --fail-on, 1 something is, 2 the input cannot be read,
3 a fault of Raceway's own.
"""


class _Options(FileOptions):
    with_hidden: bool
    as_json: bool
    explain: str | None
    sarif: str | None
    junit: str | None
    what_if: NamedNumber | None


@click.command(epilog=_EPILOG)
@files_argument(required=True)
@file_options
@click.option("--all", "with_hidden", is_flag=True, help="Also what is hidden as noise.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option(
    "--explain", metavar="FINGERPRINT", help="Only this finding, or the one that begins so, in full."
)
@click.option("--audit", metavar="VARIABLE", help="Only who touched this variable, step by step.")
@click.option("--scope", help="With --audit: which variable of that name; else the most accessed one.")
@report_options
@click.option(
    "--what-if", type=FACTOR_OF, help="NAME=FACTOR: as if the operation took so many times as long."
)
@click.option("--fail-on", type=click.Choice(LEVELS), help="Verdict or severity from which to exit with 1.")
def command(
    files: tuple[str, ...],
    *,
    audit: str | None,
    scope: str | None,
    fail_on: str | None,
    **how: Unpack[_Options],
) -> None:
    """Find races, lost updates, deadlocks and anomalies in FILES, or in standard input where one is `-`.

    Files of events are analyzed together, as one set of events. gzip is unpacked. Nothing is sent
    anywhere and nothing is stored.
    """
    if audit is not None:
        _refuse_reports(how, fail_on)
        _print_trail(files, audit, scope, how)
        return
    if scope is not None:
        raise click.UsageError("--scope says which variable --audit shows")
    items = _print_report(files, how, with_items=fail_on is not None)
    if fail_on and any_at_least(items, fail_on):
        sys.exit(1)


def _print_report(files: tuple[str, ...], how: _Options, *, with_items: bool) -> Sequence[Item]:
    """Print and write what was asked for, and return the items if any of it needs them."""
    from raceway_cli.explanation import explanation_text
    from raceway_cli.output.destination import check_destinations
    from raceway_cli.output.reports import Reports
    from raceway_cli.reported.items import found_in_report
    from raceway_cli.show.json import print_json
    from raceway_cli.show.report import print_report

    sarif, junit, explain = how["sarif"], how["junit"], how["explain"]
    if how["as_json"] and explain is not None:
        raise click.UsageError("--explain prints a text, --json all of the report")
    printed = "-" if how["as_json"] else None
    is_taken = check_destinations({"--json": printed, "--sarif": sarif, "--junit": junit})
    report = report_or_exit(files, question_of(how, how["what_if"], with_hidden=how["with_hidden"]))
    needs_items = sarif or junit or with_items or explain is not None
    items = found_in_report(report).items if needs_items else []
    Reports(sarif, junit, files).write(items, failing={item.fingerprint for item in items})
    if how["as_json"]:
        print_json(report)
    elif explain is not None:
        click.echo(explanation_text(items, report.findings or (), explain))
    elif not is_taken:
        print_report(report)
    return items


def _print_trail(files: tuple[str, ...], variable: str, scope: str | None, how: _Options) -> None:
    from raceway_cli.file_trail import Audited
    from raceway_cli.show.json import print_json
    from raceway_cli.show.trail import print_whole_trail

    trail = trail_or_exit(files, question_of(how, with_hidden=True), Audited(variable, scope))
    print_json(trail.view) if how["as_json"] else print_whole_trail(trail.view, has_time=trail.has_time)


def _refuse_reports(how: _Options, fail_on: str | None) -> None:
    """Refuse what is said of a report where none is made.

    Raises:
        click.UsageError: There is something.
    """
    said = {
        "--explain": how["explain"],
        "--sarif": how["sarif"],
        "--junit": how["junit"],
        "--what-if": how["what_if"],
        "--fail-on": fail_on,
    }
    if given := [name for name, value in said.items() if value is not None]:
        raise click.UsageError(f"--audit shows one variable and reports nothing: leave out {given[0]}")
