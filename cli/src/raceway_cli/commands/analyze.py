"""`raceway analyze`: a file, without a server."""

from __future__ import annotations

import sys

import click

from raceway_cli.question import DURATION_OF, FACTOR_OF, NamedNumber

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
  raceway analyze --format std trace.std --json
  raceway analyze --pattern '(?<host>\\S+) (?<clock>{.*}) (?<event>.*)' lines.log
  zcat events.jsonl.gz | raceway analyze - --fail-on proven

\b
Exit status: 0 nothing at or above --fail-on, 1 something is, 2 the input cannot be read,
3 a fault of Raceway's own.
"""

_LEVELS = ("proven", "observed", "possible", "order-dependent", "critical", "warning", "info")


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["auto", "raceway", "otlp", "jaeger", "shiviz", "std", "history"]),
    default="auto",
    show_default=True,
    help="Format of the file.",
)
@click.option("--pattern", metavar="REGEX", help="Of shiviz: groups host, clock and event of each event.")
@click.option("--all", "with_hidden", is_flag=True, help="Also what is hidden as noise.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option(
    "--what-if", type=FACTOR_OF, help="NAME=FACTOR: as if the operation took so many times as long."
)
@click.option(
    "--slow", multiple=True, type=DURATION_OF, help="NAME=200ms: the longest an operation may take."
)
@click.option("--fail-on", type=click.Choice(_LEVELS), help="Verdict or severity from which to exit with 1.")
def command(
    file: str,
    format_name: str,
    *,
    pattern: str | None,
    with_hidden: bool,
    as_json: bool,
    what_if: NamedNumber | None,
    slow: tuple[NamedNumber, ...],
    fail_on: str | None,
) -> None:
    """Find races, lost updates, deadlocks and anomalies in FILE, or in standard input when FILE is `-`.

    Nothing is sent anywhere and nothing is stored.
    """
    from raceway_cli.offline import OwnFault, Question, asked, has_at_least, report_file
    from raceway_cli.show.json import print_json
    from raceway_cli.show.report import print_report

    if pattern is not None and format_name not in {"auto", "shiviz"}:
        raise click.UsageError(f"--pattern is of the format shiviz, not of {format_name}")
    question = Question(format_name, pattern, asked(what_if, slow), with_hidden=with_hidden)
    try:
        report = report_file(*_opened(file), question)
    except OwnFault as fault:
        click.echo(f"{fault}", err=True)
        sys.exit(3)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if fail_on and has_at_least(report, fail_on):
        sys.exit(1)


def _opened(file: str) -> tuple[bytes, str]:
    """Return what a file holds, and its name for errors."""
    with click.open_file(file, "rb") as opened:
        return opened.read(), "<stdin>" if file == "-" else file
