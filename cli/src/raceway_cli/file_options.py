"""What `analyze` and `check` have in common: files, how to read them, and reports for other programs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from raceway_cli.question import DURATION_OF, NamedNumber

if TYPE_CHECKING:
    from raceway_cli.file_trail import Audited, FileTrail
    from raceway_cli.inquiry import Question
    from raceway_cli.progress import Progress
    from raceway_core.report import Report

Answer = TypeVar("Answer")
Function = TypeVar("Function", bound=Callable[..., Any])

_FORMATS = ("auto", "raceway", "otlp", "jaeger", "shiviz", "std", "history")
_STDIN = "-"


class FileOptions(TypedDict):
    """The values of the options by which files are read."""

    format_name: str
    pattern: str | None
    slow: tuple[NamedNumber, ...]


def files_argument(*, required: bool) -> Callable[[Function], Function]:
    """Return what adds the files to a command."""
    path = click.Path(exists=True, dir_okay=False, allow_dash=True)
    return click.argument("files", nargs=-1, required=required, type=path, callback=_distinct)


def file_options(function: Function) -> Function:
    """Add the options by which files are read: `FileOptions`."""
    for option in (
        click.option(
            "--slow", multiple=True, type=DURATION_OF, help="NAME=200ms: the longest an operation may take."
        ),
        click.option(
            "--pattern", metavar="REGEX", help="Of shiviz: groups host, clock and event of each event."
        ),
        click.option(
            "--format",
            "format_name",
            type=click.Choice(_FORMATS),
            default="auto",
            show_default=True,
            help="Format of the files.",
        ),
    ):
        function = option(function)
    return function


def report_options(function: Function) -> Function:
    """Add the options that name files for reports that other programs read."""
    for option in (
        click.option("--junit", metavar="FILE", help="Write JUnit XML; - is standard output."),
        click.option("--sarif", metavar="FILE", help="Write SARIF 2.1.0; - is standard output."),
    ):
        function = option(function)
    return function


def question_of(how: FileOptions, what_if: NamedNumber | None = None, *, with_hidden: bool) -> Question:
    """Return what is asked of files.

    Raises:
        click.UsageError: The options do not go together.
    """
    from raceway_cli.inquiry import Question, asked

    if how["pattern"] is not None and how["format_name"] not in {"auto", "shiviz"}:
        raise click.UsageError(f"--pattern is of the format shiviz, not of {how['format_name']}")
    options = asked(what_if, how["slow"])
    return Question(how["format_name"], how["pattern"], options, with_hidden=with_hidden)


def report_or_exit(files: tuple[str, ...], question: Question) -> Report:
    """Return the report of files, or exit with 3 on a fault of our own.

    Raises:
        Rejected: A file cannot be read; the message names it, the line and what was expected.
    """
    from raceway_cli.offline import report_files

    return _answer_or_exit(lambda progress: report_files(files, question, progress))


def trail_or_exit(files: tuple[str, ...], question: Question, wanted: Audited) -> FileTrail:
    """Return the audit trail of a variable in files, or exit with 3 on a fault of our own.

    Raises:
        Rejected: A file cannot be read, or nothing touches the variable; the message says what is near.
    """
    from raceway_cli.offline import trail_files

    return _answer_or_exit(lambda progress: trail_files(files, question, wanted, progress))


def _answer_or_exit(work: Callable[[Progress], Answer]) -> Answer:
    from raceway_cli.offline import OwnFault
    from raceway_cli.progress import shown_progress

    try:
        with shown_progress() as progress:
            return work(progress)
    except OwnFault as fault:
        click.echo(f"{fault}", err=True)
        sys.exit(3)


def _distinct(
    _context: click.Context, _parameter: click.Parameter, files: tuple[str, ...]
) -> tuple[str, ...]:
    if files.count(_STDIN) > 1:
        raise click.BadParameter("standard input can be read once")
    return tuple(dict.fromkeys(files))
