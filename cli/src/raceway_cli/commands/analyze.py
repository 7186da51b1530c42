"""`raceway analyze`: a file, without a server."""

from __future__ import annotations

import sys

import click

_EPILOG = """\b
Formats:
  raceway   JSON lines of events or batches, or one JSON array of events
  history   {"sessions": [[{"id", "status", "ops": [{"op", "key", "value"}]}]]}
  std       RAPID's thread|op(target)|location, op one of r w acq rel fork join begin end

\b
Examples:
  raceway analyze events.jsonl
  raceway analyze --format std trace.std --json
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
    type=click.Choice(["auto", "raceway", "std", "history"]),
    default="auto",
    show_default=True,
    help="Format of the file.",
)
@click.option("--all", "with_hidden", is_flag=True, help="Also what is hidden as noise.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option("--fail-on", type=click.Choice(_LEVELS), help="Verdict or severity from which to exit with 1.")
def command(file: str, format_name: str, *, with_hidden: bool, as_json: bool, fail_on: str | None) -> None:
    """Find races, lost updates and isolation anomalies in FILE, or in standard input when FILE is `-`.

    Nothing is sent anywhere and nothing is stored.
    """
    from raceway_cli.offline import OwnFault, is_reached, report_file
    from raceway_cli.show.json import print_json
    from raceway_cli.show.report import print_report

    with click.open_file(file, "rb") as opened:
        data = opened.read()
    name = "<stdin>" if file == "-" else file
    try:
        report = report_file(data, name, format_name, with_hidden=with_hidden)
    except OwnFault as fault:
        click.echo(f"{fault}", err=True)
        sys.exit(3)
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if fail_on and is_reached(report, fail_on):
        sys.exit(1)
