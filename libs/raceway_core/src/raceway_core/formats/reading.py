"""What a format is: how its files are read, and which parts of the report they can fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from raceway_core.causal_graph import ClockIssue
from raceway_core.event import Event
from raceway_core.offline import Analysis
from raceway_core.report import ClockIssueReport, ClockReport


class Reading(NamedTuple):
    """What a file holds: events, and what its reader alone knows of their clocks."""

    events: Sequence[Event]
    issues: Sequence[ClockIssue] = ()
    skipped_lines: int = 0


def _as_is(issue: ClockIssue) -> ClockIssue:
    return issue


class Format(NamedTuple):
    """How a format is read, given bytes and `--pattern`.

    `has_time` tells whether its events carry wall time, `has_clocks` whether they may carry clocks,
    `has_lines` whether an event's id is the number of a line. `issue_of` says an issue of the causal
    graph in the file's words, or that it is none.
    """

    read: Callable[[bytes, str | None], Reading]
    expected: str
    has_time: bool = True
    has_clocks: bool = True
    has_lines: bool = False
    issue_of: Callable[[ClockIssue], ClockIssue | None] = _as_is


def events_only(read: Callable[[bytes], list[Event]]) -> Callable[[bytes, str | None], Reading]:
    """Return the reader of a format that has nothing but events and takes no pattern."""
    return lambda data, _pattern: Reading(read(data))


def clock_of(analysis: Analysis, reading: Reading, format_: Format) -> ClockReport | None:
    """Return what the report says of clocks, if the format has any; issues in the order of lines."""
    if not format_.has_clocks:
        return None
    issues = [
        ClockIssueReport(
            issue.kind, int(issue.event_id) if format_.has_lines else None, issue.event_id, issue.message
        )
        for issue in _issues(analysis, reading, format_)
    ]
    if format_.has_lines:
        issues.sort(key=lambda issue: (issue.line or 0, issue.kind))
    return ClockReport(issues, skipped_lines=reading.skipped_lines)


def _issues(analysis: Analysis, reading: Reading, format_: Format) -> Iterator[ClockIssue]:
    yield from reading.issues
    for trace in analysis.traces:
        for issue in trace.clock_issues:
            if said := format_.issue_of(issue):
                yield said
