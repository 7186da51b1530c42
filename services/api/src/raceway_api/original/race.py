"""Races in the original's shape: one entry per pair in a trace, one per finding across traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from raceway_core.counting.fingerprint import Side, fingerprint_of
from raceway_core.event import EventId, TraceId
from raceway_core.finding import AccessEvidence, Example, Finding, FindingKind, Verdict, severity_of
from raceway_core.identity import place_of
from raceway_core.moment_view import MomentView, view_moment
from raceway_core.runner import told_apart
from raceway_core.time import format_time

MOST_GLOBAL_RACES = 100


class RaceView(msgspec.Struct, frozen=True, kw_only=True):
    """One racing pair. `severity` is CRITICAL, WARNING or INFO; ours begin with `event1_id`.

    `ancestor` is the last moment that both follow, null of two traces.
    """

    severity: str
    variable: str
    event1_thread: str
    event2_thread: str
    event1_location: str
    event2_location: str
    description: str
    event1_id: EventId
    event2_id: EventId
    verdict: Verdict
    fingerprint: str
    ancestor: MomentView | None


class GlobalRaceView(RaceView, frozen=True, kw_only=True):
    """One finding, shown by its best pair. `pairs` and `trace_count` are exact."""

    trace1_id: TraceId
    trace2_id: TraceId
    event1_timestamp: str
    event2_timestamp: str
    kind: FindingKind
    summary: str
    fix: str
    pairs: int
    trace_count: int


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a trace's listed races are one fault."""

    fingerprint: str
    variable: str
    severity: str
    verdict: Verdict
    pairs: int


def view_race(example: Example) -> RaceView:
    """Return one pair of a trace."""
    first, second = example.first, example.second
    return RaceView(
        severity=severity_of(first.access_type, second.access_type, example.verdict).name,
        variable=first.variable,
        event1_thread=first.thread_id,
        event2_thread=second.thread_id,
        event1_location=first.location,
        event2_location=second.location,
        description=describe(example),
        event1_id=first.event_id,
        event2_id=second.event_id,
        verdict=example.verdict,
        fingerprint=fingerprint_of(first.variable, _side_of(first), _side_of(second)),
        ancestor=None if example.ancestor is None else view_moment(example.ancestor),
    )


def view_global_race(finding: Finding) -> GlobalRaceView | None:
    """Return one finding; None for one that has no pair of accesses to show."""
    if not finding.examples or finding.kind is FindingKind.DEADLOCK:
        return None
    example = finding.examples[0]
    pair = msgspec.structs.asdict(view_race(example))
    own = {
        "severity": finding.severity.name,
        "verdict": finding.verdict,
        "fingerprint": finding.fingerprint,
        "trace1_id": example.first.trace_id,
        "trace2_id": example.second.trace_id,
        "event1_timestamp": format_time(example.first.time_ns),
        "event2_timestamp": format_time(example.second.time_ns),
        "kind": finding.kind,
        "summary": finding.summary,
        "fix": finding.fix,
        "pairs": finding.pairs,
        "trace_count": len(finding.trace_ids),
    }
    return msgspec.convert(pair | own, GlobalRaceView)


def view_groups(races: Sequence[RaceView]) -> list[GroupView]:
    """Return the listed races by fault, in the order in which each first appears."""
    groups: dict[str, list[RaceView]] = {}
    for race in races:
        groups.setdefault(race.fingerprint, []).append(race)
    return [
        GroupView(
            fingerprint=fingerprint,
            variable=members[0].variable,
            severity=members[0].severity,
            verdict=members[0].verdict,
            pairs=len(members),
        )
        for fingerprint, members in groups.items()
    ]


def race_lines(races: Iterable[RaceView]) -> list[str]:
    """Return the lines by which the original's terminal UI finds a trace's races."""
    return [f"RACE on {race.variable} ({race.severity}): {race.description}" for race in races]


def global_race_lines(races: Iterable[GlobalRaceView]) -> list[str]:
    """Return three lines per finding; the terminal UI finds events and traces by eight characters."""
    lines = []
    for race in races:
        lines.append(f"RACE on {race.variable} ({race.severity}): {race.description}")
        sides = (
            (1, race.event1_id, race.trace1_id, race.event1_thread, race.event1_location),
            (2, race.event2_id, race.trace2_id, race.event2_thread, race.event2_location),
        )
        lines.extend(
            f"Event {number}: {event_id[:8]} of Trace {trace_id[:8]} on {thread} at {location}"
            for number, event_id, trace_id, thread, location in sides
        )
    return lines


def describe(example: Example) -> str:
    """Return who raced with whom in one sentence."""
    pair = (example.first, example.second)
    names = told_apart([access.runner for access in pair], [access.location for access in pair])
    first, second = (
        f"{access.access_type.value} by {name} at {access.location or 'an unknown place'}"
        for access, name in zip(pair, names, strict=True)
    )
    return f"{first} and {second} are not ordered ({example.verdict.value})"


def _side_of(access: AccessEvidence) -> Side:
    return Side(access.service, place_of(access.location), access.access_type)
