"""Where a report for another program goes: a file, or standard output."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from raceway_core.errors import Rejected

STANDARD_OUTPUT = "-"


def check_destinations(given: Mapping[str, str | None]) -> bool:
    """Tell whether one of the options, by name, writes to standard output.

    Raises:
        click.UsageError: Several do.
    """
    taken = [name for name, destination in given.items() if destination == STANDARD_OUTPUT]
    if len(taken) > 1:
        raise click.UsageError(f"only one report can go to standard output, not those of {', '.join(taken)}")
    return bool(taken)


def write(destination: str, report: bytes) -> None:
    """Write a report.

    Raises:
        Rejected: The file cannot be written; the message names it.
    """
    if destination == STANDARD_OUTPUT:
        click.echo(report, nl=False)
        return
    try:
        Path(destination).write_bytes(report)
    except OSError as error:
        raise Rejected(f"{destination}: cannot be written: {error.strerror or error}") from error
