"""Findings of predicted lost updates: what is missing is not an order but a longer hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from raceway_core.access import Access, Variable
from raceway_core.counting.fingerprint import Side
from raceway_core.event import EventId, TraceId
from raceway_core.finding import Example, Finding, FindingKind, PairCounts, Verdict
from raceway_core.grouping import Scene, Tally, group
from raceway_core.lockset import LockKey
from raceway_core.lost_update_tally import nearest, sides_between
from raceway_core.predicted_update import Predicted, locks_in
from raceway_core.race import Pair
from raceway_core.runner import told_apart
from raceway_core.sentence import span_of


def predicted_findings(found: Sequence[Predicted], scene: Scene, known: Collection[str]) -> list[Finding]:
    """Return the findings of predicted losses, without those whose fingerprint is `known` already."""
    return told_findings(group(_tallies(found), scene, kind=FindingKind.LOST_UPDATE), found, known)


def told_findings(
    findings: Iterable[Finding], shown: Iterable[Predicted], known: Collection[str]
) -> list[Finding]:
    """Return the findings that are not `known`, in words of their own; `shown` has their examples."""
    told = {_accesses(one.update.write, one.write): one for one in shown}
    return [_told(finding, told) for finding in findings if finding.fingerprint not in known]


def shown_pair(one: Predicted) -> Pair:
    """Return the two writes of a predicted loss, with the read of the update."""
    return Pair(one.write, one.update.write, Verdict.POSSIBLE, (one.update.read,))


def _tallies(found: Iterable[Predicted]) -> Iterator[Tally]:
    groups: dict[tuple[Variable, tuple[Side, Side]], list[Predicted]] = {}
    for one in found:
        sides = sides_between(one.update.write, one.write)
        groups.setdefault((one.write.variable, sides), []).append(one)
    for (variable, sides), members in groups.items():
        accesses = [access for one in members for access in (*one.update, one.write)]
        yield Tally(
            variable=variable,
            sides=sides,
            counts=PairCounts(possible=len(members)),
            trace_ids=tuple(sorted({access.trace_id for access in accesses})),
            first_ns=min(access.start_ns for access in accesses),
            last_ns=max(access.end_ns for access in accesses),
            pairs=nearest(map(shown_pair, members)),
        )


def _accesses(first: Access, second: Access) -> frozenset[tuple[TraceId, EventId]]:
    return frozenset({(first.trace_id, first.event_id), (second.trace_id, second.event_id)})


def _told(finding: Finding, told: Mapping[frozenset[tuple[TraceId, EventId]], Predicted]) -> Finding:
    examples = []
    for example in finding.examples:
        first, second = example.first, example.second
        one = told[frozenset({(first.trace_id, first.event_id), (second.trace_id, second.event_id)})]
        lock, span = _lock_of(one), span_of([one.update.read.place, one.update.write.place])
        missing = _missing_edge(lock, one, example)
        fix = f"Hold lock {lock} across {span}, or read again under it."
        examples.append(msgspec.structs.replace(example, missing_edge=missing, fix=fix))
    return msgspec.structs.replace(
        finding,
        summary=f"one update of {finding.variable} can overwrite another that it has not seen",
        missing_edge=examples[0].missing_edge,
        fix=examples[0].fix,
        examples=tuple(examples),
    )


def _missing_edge(lock: str, one: Predicted, example: Example) -> str:
    """Return what is missing; writes at one place are told apart by who makes them."""
    mine, theirs = str(one.update.write.place), str(one.write.place)
    if mine == theirs:
        lost = (one.write.trace_id, one.write.event_id)
        pair = (example.first, example.second)
        writes = sorted(pair, key=lambda access: (access.trace_id, access.event_id) == lost)
        names = told_apart([access.runner for access in writes], [mine, theirs])
        mine, theirs = f"{mine} ({names[0]})", f"{theirs} ({names[1]})"
    return (
        f"Lock {lock} is released between the read at {one.update.read.place} and the write at {mine}, so "
        f"the write at {theirs} can come between them unseen."
    )


def _lock_of(one: Predicted) -> str:
    common: set[LockKey] = locks_in(one.update.read) & locks_in(one.update.write) & locks_in(one.write)
    return ", ".join(sorted({name for name, _ in common}))
