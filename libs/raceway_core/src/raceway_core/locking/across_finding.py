"""Findings of deadlocks between traces, in the words of those inside one (`raceway_core.deadlock_finding`).

All circles that are one fault in the program are one finding, with the same fingerprint as a deadlock
between the same places inside a trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from raceway_core.finding import (
    MOST_EXAMPLES,
    Example,
    Finding,
    FindingKind,
    PairCounts,
    Severity,
    Verdict,
    best_examples,
    merge_findings,
)
from raceway_core.locking.across import Circle, Member, example_key
from raceway_core.locking.fault import fault_of, names_of
from raceway_core.locking.sentence import Party, fix_of, missing_edge_of, summary_of
from raceway_core.locking.span import key_of
from raceway_core.result import Deadlock, DeadlockStatus
from raceway_core.runner import short_traces, told_apart


def across_findings(scope: str, circles: Iterable[Circle]) -> list[Finding]:
    """Return one finding per fault, in the order that a reader should see them. Time: O(circles)."""
    by_fault: dict[str, list[Sequence[Member]]] = {}
    for circle in circles:
        members = _from_first(circle)
        by_fault.setdefault(_fingerprint_of(members), []).append(members)
    return merge_findings(_finding_of(scope, name, fault) for name, fault in by_fault.items())


def across_deadlocks(circles: Iterable[Circle]) -> list[Deadlock]:
    """Return the deadlocks as they are reported."""
    return [_deadlock_of(_from_first(circle)) for circle in circles]


def _from_first(circle: Circle) -> Sequence[Member]:
    """Return the members from the one with the earliest request."""
    members = circle.members
    first = min(range(len(members)), key=lambda place: example_key(members[place].request))
    return (*members[first:], *members[:first])


def _finding_of(scope: str, fingerprint: str, circles: Sequence[Sequence[Member]]) -> Finding:
    shown = sorted(circles, key=_nearness)[:MOST_EXAMPLES]
    examples = best_examples(map(_example_of, shown))
    counts = PairCounts(possible=len(circles))
    lead = shown[0]
    everybody = [member for members in circles for member in members]
    return Finding(
        fingerprint=fingerprint,
        kind=FindingKind.DEADLOCK,
        verdict=Verdict.POSSIBLE,
        severity=Severity.CRITICAL,
        variable=names_of(member.dependency.lock.name for member in lead),
        scope=scope,
        services=tuple(sorted({member.dependency.service for member in everybody})),
        summary=summary_of(_parties(lead), more=0, is_actual=False),
        missing_edge=examples[0].missing_edge,
        fix=examples[0].fix,
        pairs=counts.possible,
        pairs_by_verdict=counts,
        trace_ids=tuple(sorted({member.request.trace_id for member in everybody})),
        first_ns=min(member.told.first_ns for member in everybody),
        last_ns=max(member.told.last_ns for member in everybody),
        examples=examples,
        across_traces=True,
    )


def _gap_ns(members: Sequence[Member]) -> int:
    times = [member.request.time_ns for member in members]
    return max(times) - min(times)


def _nearness(members: Sequence[Member]) -> tuple[int, Sequence[tuple[int, str, str]]]:
    return _gap_ns(members), [example_key(member.request) for member in members]


def _example_of(members: Sequence[Member]) -> Example:
    parties = _parties(members)
    requests = [member.request for member in members]
    return Example(
        verdict=Verdict.POSSIBLE,
        gap_ns=_gap_ns(members),
        first=requests[0],
        second=requests[1],
        missing_edge=missing_edge_of(parties, more=0, is_actual=False),
        fix=fix_of(parties),
        witness=tuple(requests[2:]),
    )


def _parties(members: Sequence[Member]) -> list[Party]:
    """Return what is to be said of each; the one before waits for it."""
    before = (members[-1], *members[:-1])
    requests = [member.request for member in members]
    names = told_apart([request.runner for request in requests], [request.location for request in requests])
    return [_party(*party) for party in zip(names, members, before, strict=True)]


def _party(name: str, member: Member, waiting: Member) -> Party:
    wanted = waiting.dependency.lock
    return Party(
        name=name,
        wants=member.request,
        keeps=wanted.name,
        is_own=key_of(wanted) in map(key_of, member.dependency.own),
        parents=["its parent"],
    )


def _names_of(members: Sequence[Member]) -> Iterator[str]:
    """Yield each thread with its trace: threads of different requests are often called the same."""
    requests = [member.request for member in members]
    traces = short_traces([request.trace_id for request in requests])
    for request, trace in zip(requests, traces, strict=True):
        yield f"{request.thread_id or 'a thread'} of trace {trace}"


def _deadlock_of(members: Sequence[Member]) -> Deadlock:
    return Deadlock(
        status=DeadlockStatus.PREDICTED,
        locks=tuple(member.dependency.lock.name for member in members),
        threads=tuple(_names_of(members)),
        locations=tuple(member.dependency.location for member in members),
    )


def _fingerprint_of(members: Sequence[Member]) -> str:
    dependencies = [member.dependency for member in members]
    return fault_of(
        {dependency.service for dependency in dependencies},
        [(dependency.location, dependency.lock.name) for dependency in dependencies],
    )
