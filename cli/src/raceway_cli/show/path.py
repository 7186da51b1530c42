"""Critical paths of a file as a person reads them: where the time of a trace went."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_cli.show.table import duration_text, print_table
from raceway_core.report import CriticalPathReport

_MOST_PATHS = 3
_MOST_SEGMENTS = 40


def print_paths(paths: Sequence[CriticalPathReport]) -> None:
    """Print the longest paths, the longest first; the JSON form has all of them."""
    for path in sorted(paths, key=lambda path: -_length_ns(path))[:_MOST_PATHS]:
        _print_path(path)
        click.echo()
    if (left := len(paths) - _MOST_PATHS) > 0:
        click.echo(f"… {left:,} shorter paths with --json\n")


def _print_path(path: CriticalPathReport) -> None:
    whole = max(_length_ns(path), 1)
    rows = []
    for segment in path.segments[:_MOST_SEGMENTS]:
        length = int(segment.end_ns) - int(segment.start_ns)
        after = duration_text(int(segment.start_ns) - int(path.start_ns))
        rows.append(
            (
                f"+{after}",
                duration_text(length),
                f"{length / whole:.0%}",
                segment.label,
                segment.operation,
                segment.service,
            )
        )
    click.echo(f"critical path of trace {path.trace_id}, {duration_text(_length_ns(path))}")
    print_table(("after>", "time>", "share>", "label", "operation", "service"), rows)
    if (left := len(path.segments) - _MOST_SEGMENTS) > 0:
        click.echo(f"… {left:,} more segments with --json")


def _length_ns(path: CriticalPathReport) -> int:
    return int(path.end_ns) - int(path.start_ns)
