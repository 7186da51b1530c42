"""Findings: what Raceway reports, with the evidence that a reader can check.

A finding is a group of pairs that are one fault in the program. Its fingerprint names that fault
and survives edits, other machines and a race that turns out to be provable. Findings of one
fingerprint that were made in different places, a trace here, a run of traces there, merge by
`merge_findings`, which is associative and commutative, so the report never depends on order.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

import msgspec

from raceway_core.event import AccessType, EventId, HeldLock, JsonValue, TraceId
from raceway_core.identity import pattern_of
from raceway_core.moment import Moment
from raceway_core.runner import Runner

MOST_EXAMPLES = 5

Name = TypeVar("Name", bound=str)


class Verdict(Enum):
    """How sure a finding is, strongest first. `rank` is 0 for the strongest."""

    PROVEN = "proven"
    OBSERVED = "observed"
    POSSIBLE = "possible"
    ORDER_DEPENDENT = "order-dependent"
    GUARDED = "guarded"

    def __init__(self, word: str) -> None:
        self.rank = len(type(self).__members__)


_VERDICTS = tuple(Verdict)


class Severity(Enum):
    """What a finding can cost, worst first. `rank` is 0 for the worst."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    def __init__(self, word: str) -> None:
        self.rank = len(type(self).__members__)


def severity_of(first: AccessType, second: AccessType, verdict: Verdict) -> Severity:
    """Return what a pair can cost: two writes lose one, a read and a write a stale value."""
    if verdict is Verdict.PROVEN or (first.writes and second.writes):
        return Severity.CRITICAL
    return Severity.WARNING if first.writes or second.writes else Severity.INFO


class FindingKind(Enum):
    """What kind of fault a finding is."""

    RACE = "race"
    LOST_UPDATE = "lost-update"
    DEADLOCK = "deadlock"


class PairCounts(msgspec.Struct, frozen=True):
    """How many pairs have which verdict. Exact."""

    proven: int = 0
    observed: int = 0
    possible: int = 0
    order_dependent: int = 0
    guarded: int = 0

    def of(self, verdict: Verdict) -> int:
        """Return the count of one verdict."""
        return int(msgspec.structs.astuple(self)[verdict.rank])

    def present(self) -> list[tuple[Verdict, int]]:
        """Return the counts that are not 0, strongest first."""
        counts = zip(_VERDICTS, msgspec.structs.astuple(self), strict=True)
        return [(verdict, count) for verdict, count in counts if count]

    @property
    def strongest(self) -> Verdict:
        """The strongest verdict that any pair has, `guarded` where there is none."""
        present = self.present()
        return present[0][0] if present else Verdict.GUARDED

    @property
    def reported(self) -> int:
        """How many pairs are not guarded."""
        return self.proven + self.observed + self.possible + self.order_dependent

    def __add__(self, other: PairCounts) -> PairCounts:
        mine, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return PairCounts(*(left + right for left, right in zip(mine, theirs, strict=True)))


class AccessEvidence(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One access as a reader needs to see it. A value that is not known is left out.

    `thread_id` is the task where no thread was named; `task` is the task as sent, empty where none was.
    """

    event_id: EventId
    trace_id: TraceId
    time_ns: int
    variable: str
    access_type: AccessType
    service: str
    instance: str | None
    process_id: int
    thread_id: str
    location: str
    old_value: JsonValue | msgspec.UnsetType = msgspec.UNSET
    new_value: JsonValue | msgspec.UnsetType = msgspec.UNSET
    version: int | None = None
    lockset: tuple[HeldLock, ...] = ()
    clock: tuple[tuple[str, int], ...] = ()
    task: str = ""

    @property
    def runner(self) -> Runner:
        """What made the access."""
        return Runner(
            self.task, self.thread_id, self.service, self.trace_id, self.process_id, self.instance or ""
        )


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One pair of accesses, and for a lost update the reads that prove it, in `witness`.

    `ancestor` is the last moment that both follow; None where none is known, as of two traces, which no
    cause joins.
    """

    verdict: Verdict
    gap_ns: int
    first: AccessEvidence
    second: AccessEvidence
    missing_edge: str
    fix: str
    witness: tuple[AccessEvidence, ...] = ()
    ancestor: Moment | None = None

    @property
    def sort_key(self) -> tuple[int, int, str, str, str, str]:
        """Strongest first, then nearest in time, then by identity: a total order."""
        first, second = self.first, self.second
        return (
            self.verdict.rank,
            self.gap_ns,
            first.trace_id,
            first.event_id,
            second.trace_id,
            second.event_id,
        )


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fault, with exact counts and at most `MOST_EXAMPLES` examples.

    `pairs` counts the pairs of the verdict shown, `pairs_by_verdict` all of them. `trace_ids` are
    the traces that take part, sorted. `aliases` are fingerprints of findings it absorbed.
    `uncovered` says that it remains when stronger findings are treated as synchronisation.
    """

    fingerprint: str
    kind: FindingKind
    verdict: Verdict
    severity: Severity
    variable: str
    scope: str
    services: tuple[str, ...]
    summary: str
    missing_edge: str
    fix: str
    pairs: int
    pairs_by_verdict: PairCounts
    trace_ids: tuple[TraceId, ...]
    first_ns: int
    last_ns: int
    examples: tuple[Example, ...]
    across_traces: bool = False
    uncovered: bool = True
    aliases: tuple[str, ...] = ()

    @property
    def may_hide(self) -> bool:
        """Whether a weak verdict hides it: across traces every two accesses may be a pair.

        A deadlock between traces is not noise: a schedule leads to it.
        """
        return self.across_traces and self.kind is not FindingKind.DEADLOCK

    @property
    def is_hidden(self) -> bool:
        """Whether `races` shows it only with `--all`."""
        weak = self.verdict.rank >= Verdict.POSSIBLE.rank
        return self.verdict is Verdict.GUARDED or (self.may_hide and weak)

    @property
    def sort_key(self) -> tuple[int, bool, int, int, str]:
        """Strongest, uncovered, worst, nearest first; the fingerprint makes it total."""
        nearest = self.examples[0].gap_ns if self.examples else 0
        return (self.verdict.rank, not self.uncovered, self.severity.rank, nearest, self.fingerprint)


def best_examples(examples: Iterable[Example]) -> tuple[Example, ...]:
    """Return the first `MOST_EXAMPLES` in the order that a reader should see them."""
    unique = {example.sort_key: example for example in examples}
    return tuple(unique[key] for key in sorted(unique)[:MOST_EXAMPLES])


def merge_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding per fingerprint, in the order that a reader should see them.

    The result does not depend on the order of `findings`. Texts come from the finding that is
    strongest, so that they speak of the first example.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.fingerprint, []).append(finding)
    return sorted((_merge(group) for group in groups.values()), key=lambda finding: finding.sort_key)


def _merge(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    lead = min(group, key=_lead_key)
    counts = sum((finding.pairs_by_verdict for finding in group), PairCounts())
    is_one = all(finding.variable == lead.variable for finding in group)
    return msgspec.structs.replace(
        lead,
        variable=lead.variable if is_one else pattern_of(lead.variable),
        severity=min((finding.severity for finding in group), key=lambda severity: severity.rank),
        services=_union(finding.services for finding in group),
        pairs=sum(finding.pairs for finding in group if finding.verdict is lead.verdict),
        pairs_by_verdict=counts,
        trace_ids=_union(finding.trace_ids for finding in group),
        first_ns=min(finding.first_ns for finding in group),
        last_ns=max(finding.last_ns for finding in group),
        examples=best_examples(example for finding in group for example in finding.examples),
        across_traces=all(finding.across_traces for finding in group),
        uncovered=any(finding.uncovered for finding in group),
        aliases=_union(finding.aliases for finding in group),
    )


def _lead_key(finding: Finding) -> tuple[int, tuple[int, int, str, str, str, str] | tuple[()], str]:
    example_key = finding.examples[0].sort_key if finding.examples else ()
    return (finding.verdict.rank, example_key, finding.scope)


def _union(groups: Iterable[tuple[Name, ...]]) -> tuple[Name, ...]:
    return tuple(sorted({name for group in groups for name in group}))
