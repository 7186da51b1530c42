"""Races between traces in the original's shape, one entry per fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from raceway_core.event import AccessType, TraceId
from raceway_core.finding import AccessEvidence, Finding, FindingKind

MOST_LOOKED_AT = 1000
MOST_LISTED = 100
MOST_TRACE_IDS = 100


class VariableRaceView(msgspec.Struct, frozen=True, kw_only=True):
    """One fault.

    `access_count` counts all accesses of the variable, in all traces; of a fault in many variables,
    those of the variables of its examples. `thread_count` counts the threads of the examples.
    `trace_ids` has the first hundred of `trace_count`.
    """

    variable: str
    trace_count: int
    access_count: int
    access_types: list[AccessType]
    thread_count: int
    severity: str
    trace_ids: list[TraceId]
    fingerprint: str


class GlobalRacesView(msgspec.Struct, frozen=True):
    """`total_races` counts those among the thousand strongest findings; the first hundred are listed."""

    total_races: int
    races: list[VariableRaceView]


def global_races(findings: Sequence[Finding]) -> list[Finding]:
    """Return those of the findings that are races, or lost updates, of different traces."""
    return [
        finding
        for finding in findings
        if finding.kind is not FindingKind.DEADLOCK
        and any(example.first.trace_id != example.second.trace_id for example in finding.examples)
    ]


def names_in(findings: Sequence[Finding]) -> list[str]:
    """Return the names of the variables that the examples of `findings` touch."""
    return sorted({access.variable for finding in findings for access in _accesses(finding)})


def view_global_races(findings: Sequence[Finding], accesses: Mapping[str, int]) -> GlobalRacesView:
    """Return the races of different traces; `accesses` are by name of a variable."""
    return GlobalRacesView(len(findings), [_view(finding, accesses) for finding in findings[:MOST_LISTED]])


def _accesses(finding: Finding) -> list[AccessEvidence]:
    return [
        access for example in finding.examples for access in (example.first, example.second, *example.witness)
    ]


def _view(finding: Finding, accesses: Mapping[str, int]) -> VariableRaceView:
    shown = _accesses(finding)
    kinds = {access.access_type for access in shown}
    return VariableRaceView(
        variable=finding.variable,
        trace_count=len(finding.trace_ids),
        access_count=sum(accesses[name] for name in names_in([finding])),
        access_types=sorted(kinds, key=lambda kind: kind.value),
        thread_count=len({(one.service, one.instance, one.process_id, one.thread_id) for one in shown}),
        severity=finding.severity.value.upper(),
        trace_ids=list(finding.trace_ids[:MOST_TRACE_IDS]),
        fingerprint=finding.fingerprint,
    )
