"""`raceway check`: the gate in CI."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from raceway_cli.file_options import (
    FileOptions,
    file_options,
    files_argument,
    question_of,
    report_options,
    report_or_exit,
)
from raceway_cli.question import DURATION
from raceway_cli.reported.item import LEVELS

if TYPE_CHECKING:
    from raceway_cli.reported.items import Found

_EPILOG = """\b
Examples:
  raceway check events.jsonl                                  fail on whatever is found
  raceway check events.jsonl --baseline raceway.json --update-baseline
                                                              accept what is there today
  raceway check events.jsonl --baseline raceway.json          fail on what is new
  raceway check --url http://127.0.0.1:8080 --last 10m        what a server found just now
  raceway check *.jsonl --sarif raceway.sarif --junit raceway.xml

\b
Exit status: 0 nothing new at or above --fail-on, 1 something is, 2 the input cannot be read,
3 a fault of Raceway's own.
"""

_DEFAULT_LEVEL = "possible"
"""Without what is only order-dependent, and without anomalies of time: a CI machine's are no evidence."""


class _Options(FileOptions):
    with_hidden: bool
    url: str | None
    key: str | None
    last: float
    wait: float


@click.command(epilog=_EPILOG)
@files_argument(required=False)
@click.option("--all", "with_hidden", is_flag=True, help="Also what is hidden as noise.")
@click.option("--url", help="Check what a running Raceway found, in place of files.")
@click.option("--key", envvar="RACEWAY_API_KEY", help="Its API key.  [env: RACEWAY_API_KEY]")
@click.option(
    "--last", type=DURATION, default="30m", show_default=True, help="How far back to look on a server."
)
@click.option(
    "--wait",
    type=DURATION,
    default="60s",
    show_default=True,
    help="How long a server may take to finish its analyses.",
)
@click.option(
    "--baseline", type=click.Path(path_type=Path, dir_okay=False), help="File of the findings already known."
)
@click.option("--update-baseline", is_flag=True, help="Write what is found to --baseline, and succeed.")
@report_options
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default=_DEFAULT_LEVEL,
    show_default=True,
    help="Verdict or severity from which something new fails.",
)
@file_options
def command(
    files: tuple[str, ...],
    *,
    baseline: Path | None,
    update_baseline: bool,
    sarif: str | None,
    junit: str | None,
    fail_on: str,
    **how: Unpack[_Options],
) -> None:
    """Fail when FILES, or a running Raceway, show what a baseline does not know."""
    from raceway_cli.gate import comparison, comparison_text, update
    from raceway_cli.output.destination import check_destinations
    from raceway_cli.output.reports import Reports

    if update_baseline and baseline is None:
        raise click.UsageError("--update-baseline needs to know where: --baseline FILE")
    is_taken = check_destinations({"--sarif": sarif, "--junit": junit})
    items, left_out = _found(files, how)
    for text in left_out:
        click.echo(f"{click.style('left out:', fg='yellow', bold=True)} {text}", err=True)
    if update_baseline and baseline is not None:
        click.echo(update(items, baseline), err=is_taken)
    found = comparison(items, baseline)
    failing = frozenset(item.fingerprint for item in found.new if item.is_at_least(fail_on))
    known = {item.fingerprint for item in found.known}
    Reports(sarif, junit, files).write([*found.new, *found.known], failing=failing, known=known)
    if not is_taken and not update_baseline:
        click.echo(comparison_text(found, failing, fail_on))
    if failing:
        sys.exit(1)


def _found(files: tuple[str, ...], how: _Options) -> Found:
    from raceway_cli.gate import Server, ask_server
    from raceway_cli.inquiry import asked
    from raceway_cli.reported.items import found_in_report

    url = how["url"]
    if bool(files) is (url is not None):
        raise click.UsageError("name either files or a server with --url")
    if url is not None:
        if how["pattern"] is not None or how["format_name"] != "auto":
            raise click.UsageError("--format and --pattern are of files")
        limits_ns = asked(None, how["slow"]).latency.limits_ns
        found = ask_server(Server(url, how["key"], how["last"], how["wait"], limits_ns))
    else:
        found = found_in_report(report_or_exit(files, question_of(how, with_hidden=True)))
    if how["with_hidden"]:
        found = found._replace(items=[item._replace(is_hidden=False) for item in found.items])
    return found
