"""What a format is: how its files are read, and what they add to the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from raceway_core.causal_graph import ClockIssue
from raceway_core.event import Event
from raceway_core.formats.text import Text
from raceway_core.offline import Analysis
from raceway_core.report import ClockIssueReport, ClockReport, Report


class Reading(NamedTuple):
    """What a file holds: events, read when they are asked for, and what its reader alone knows of clocks."""

    events: Iterable[Event]
    issues: Sequence[ClockIssue] = ()
    skipped_lines: int = 0


Read: TypeAlias = Callable[[Text], Reading]
"""Takes one file after another, and remembers how ids were spelled."""


class Format(NamedTuple):
    """How a format is read, given `--pattern`, and what its files can tell.

    `has_time` tells whether events carry wall time, and ids that mean the same in every file: such files
    can be analyzed together. `issue_of` is there where events are named by their lines: it says an issue
    of the causal graph in the file's words, or that it is none. Where such a file has no clocks, not
    `has_clocks`, the report has a section of them only for what is wrong with its order.
    """

    reader: Callable[[str | None], Read]
    expected: str
    has_time: bool = True
    has_clocks: bool = True
    issue_of: Callable[[ClockIssue], ClockIssue | None] | None = None


def events_only(reader: Callable[[], Callable[[Text], Iterable[Event]]]) -> Callable[[str | None], Read]:
    """Return the reader of a format that has nothing but events and takes no pattern."""

    def made(_pattern: str | None) -> Read:
        read = reader()
        return lambda text: Reading(read(text))

    return made


def with_clock(report: Report, analysis: Analysis, reading: Reading, format_: Format) -> Report:
    """Return the report with what is wrong with the order that a file tells, by its lines."""
    if format_.issue_of is None:
        return report
    found = (issue for trace in analysis.traces for issue in trace.clock_issues)
    issues = [*reading.issues, *filter(None, map(format_.issue_of, found))]
    if not issues and not format_.has_clocks:
        return report
    rows = [
        ClockIssueReport(issue.kind, int(issue.event_id), issue.event_id, issue.message) for issue in issues
    ]
    rows.sort(key=lambda row: (row.line or 0, row.kind))
    clock = ClockReport(rows, skipped_lines=reading.skipped_lines)
    return msgspec.structs.replace(report, clock=clock, computed=(*report.computed, "clock"))
