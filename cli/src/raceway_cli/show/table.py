"""Tables for a terminal, plain where the output is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

Item = TypeVar("Item")

_ENDLESS = 10_000


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", optional: str = ""
) -> None:
    """Print rows under `columns`; a column whose name ends in `>` is aligned to the right.

    The column `optional` is left out if all of it is empty.

    On a terminal long cells are folded; elsewhere each row is one line, for grep and friends.
    """
    columns, rows = _without_empty(columns, list(rows), optional)
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left", title=title or None)
    for name in columns:
        table.add_column(
            name.removesuffix(">"), justify="right" if name.endswith(">") else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=_ENDLESS)
    console.print(table)


def _without_empty(
    columns: Sequence[str], rows: Sequence[Sequence[object]], optional: str
) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    if optional not in columns:
        return columns, rows
    place = columns.index(optional)
    if any(row[place] for row in rows):
        return columns, rows
    return _without(columns, place), [_without(row, place) for row in rows]


def _without(cells: Sequence[Item], place: int) -> Sequence[Item]:
    return [*cells[:place], *cells[place + 1 :]]


def print_first(
    most: int, columns: Sequence[str], items: Sequence[Item], row_of: Callable[[Item], Sequence[object]]
) -> None:
    """Print a table of the first `most` items, and how many more the JSON form has."""
    print_table(columns, [row_of(item) for item in items[:most]])
    if (left := len(items) - most) > 0:
        click.echo(f"… {left:,} more with --json")


def time_text(timestamp: str) -> str:
    """Return an RFC 3339 time to the millisecond, without what is the same in every row."""
    return timestamp[:23].replace("T", " ")


def duration_text(ns: int) -> str:
    """Return a duration in the unit that a person would use."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:,.0f} {unit}"
    return f"{ns} ns"
