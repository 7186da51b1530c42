"""Groups: pairs of accesses that are one fault become one finding.

A race is found between classes of accesses and a lost update between transactions; what a person
fixes is neither. All pairs with one fingerprint are one finding: it counts them exactly, shows at
most five, and says in one sentence each what is missing and how to mend it.

Findings are ranked (`Finding.sort_key`), and one is *covered* if the stronger ones explain it: had
they been synchronisation, its accesses would be ordered. So the first to fix come first.

Sources: Raychev et al. 2013, EventRacer (race coverage).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from raceway_core.access import Access, Precedes, Variable
from raceway_core.counting.fingerprint import Side, fingerprint_of
from raceway_core.event import EventId, TraceId
from raceway_core.finding import (
    AccessEvidence,
    Example,
    Finding,
    FindingKind,
    PairCounts,
    Verdict,
    best_examples,
    merge_findings,
    severity_of,
)
from raceway_core.identity import Place
from raceway_core.lockset import LockKey
from raceway_core.moment import Moment
from raceway_core.race import Pair
from raceway_core.sentence import fix_of, missing_edge_of, summary_of

MOST_COVERING = 32
"""So many of the strongest uncovered findings are asked whether they explain a weaker one."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Pairs of one variable between two sides, counted exactly; `pairs` are some, strongest too.

    `aliases` are the fingerprints of what it absorbs.
    """

    variable: Variable
    sides: tuple[Side, Side]
    counts: PairCounts
    trace_ids: tuple[TraceId, ...]
    first_ns: int
    last_ns: int
    pairs: Sequence[Pair]
    aliases: tuple[str, ...] = ()


class Surroundings(Protocol):
    """What is known around the accesses that are grouped."""

    def evidence(self, access: Access) -> AccessEvidence:
        """Return an access as a reader sees it."""
        ...

    def places(self, access: Access) -> Sequence[Place]:
        """Return all places where the access's transaction touched its variable."""
        ...

    def lock_uses(self, variable: Variable) -> Mapping[LockKey, int]:
        """Return how many accesses of the variable held each lock exclusively."""
        ...

    def ancestor(self, first: Access, second: Access) -> Moment | None:
        """Return what the accesses both follow, None where nothing is known to lead to both."""
        ...


class Scene:
    """The accesses that are grouped as a reader sees them, and what orders them."""

    def __init__(self, surroundings: Surroundings, precedes: Precedes) -> None:
        self.precedes = precedes
        self._surroundings = surroundings
        self._evidence: dict[tuple[TraceId, EventId], AccessEvidence] = {}
        self._examples: dict[tuple[TraceId, EventId, TraceId, EventId], Example] = {}
        self._shown: dict[tuple[TraceId, EventId], Access] = {}
        self._locks: dict[Variable, list[LockKey]] = {}

    def evidence(self, access: Access) -> AccessEvidence:
        """Return an access as a reader sees it; made once."""
        key = (access.trace_id, access.event_id)
        found = self._evidence.get(key)
        if found is None:
            found = self._evidence[key] = self._surroundings.evidence(access)
            self._shown[key] = access
        return found

    def example(self, pair: Pair) -> Example:
        """Return a pair as a reader sees it; made once."""
        key = (pair.first.trace_id, pair.first.event_id, pair.second.trace_id, pair.second.event_id)
        found = self._examples.get(key)
        if found is None or found.verdict is not pair.verdict:
            found = self._examples[key] = example_of(pair, self)
        return found

    def leads(self, first: AccessEvidence, second: AccessEvidence) -> bool:
        """Whether the first access is the second or happens before it. Both were shown."""
        mine, theirs = (first.trace_id, first.event_id), (second.trace_id, second.event_id)
        return mine == theirs or self.precedes(self._shown[mine], self._shown[theirs])

    def places(self, access: Access) -> Sequence[Place]:
        """Return all places where the access's transaction touched its variable."""
        return self._surroundings.places(access)

    def ancestor(self, first: Access, second: Access) -> Moment | None:
        """Return what the accesses both follow, None where nothing is known to lead to both."""
        return self._surroundings.ancestor(first, second)

    def missing_lock(self, first: Access, second: Access) -> str | None:
        """Return the lock most used with the variable that is not held at both accesses."""
        held = {(lock.name, lock.scope_key) for lock in first.lockset} & {
            (lock.name, lock.scope_key) for lock in second.lockset
        }
        usual = (lock for lock in self._usual_locks(first.variable) if lock not in held)
        return next(usual, ("", ""))[0] or None

    def _usual_locks(self, variable: Variable) -> list[LockKey]:
        locks = self._locks.get(variable)
        if locks is None:
            uses = self._surroundings.lock_uses(variable)
            locks = self._locks[variable] = sorted(uses, key=lambda lock: (-uses[lock], lock))
        return locks


def example_of(pair: Pair, scene: Scene) -> Example:
    """Return a pair with all that a reader needs; the earlier access comes first."""
    first, second = sorted((pair.first, pair.second), key=_time_key)
    mine, theirs = scene.evidence(first), scene.evidence(second)
    witness = tuple(scene.evidence(access) for access in pair.witness)
    lock = scene.missing_lock(first, second)
    places = (*scene.places(first), *scene.places(second))
    return Example(
        verdict=pair.verdict,
        gap_ns=max(0, second.start_ns - first.end_ns),
        first=mine,
        second=theirs,
        missing_edge=missing_edge_of(pair.verdict, mine, theirs, witness),
        fix=fix_of(lock, first.variable.name, places),
        witness=witness,
        ancestor=scene.ancestor(first, second),
    )


def _time_key(access: Access) -> tuple[int, TraceId, str]:
    return (access.start_ns, access.trace_id, access.event_id)


def group(
    tallies: Iterable[Tally],
    scene: Scene,
    *,
    kind: FindingKind = FindingKind.RACE,
    across_traces: bool = False,
) -> list[Finding]:
    """Return one finding per fault, in the order that a reader should see them.

    The result does not depend on the order of `tallies`. Guarded pairs alone are no finding.
    """
    reported = (tally for tally in tallies if tally.counts.strongest is not Verdict.GUARDED)
    findings = (_finding_of(tally, scene, kind, across_traces=across_traces) for tally in reported)
    return merge_findings(findings)


def absorb(lost_updates: Sequence[Finding], races: Iterable[Finding], scene: Scene) -> list[Finding]:
    """Return lost updates and those races that are no part of one, ranked, the covered ones marked."""
    absorbed = names_of(lost_updates)
    others = [finding for finding in races if finding.fingerprint not in absorbed]
    ranked = sorted((*lost_updates, *others), key=lambda finding: finding.sort_key)
    return sorted(_covered_marked(ranked, scene), key=lambda finding: finding.sort_key)


def names_of(findings: Iterable[Finding]) -> set[str]:
    """Return the fingerprints of findings and of what they have absorbed."""
    return {name for finding in findings for name in (finding.fingerprint, *finding.aliases)}


def _covered_marked(ranked: Iterable[Finding], scene: Scene) -> Iterator[Finding]:
    covering: list[Example] = []
    for finding in ranked:
        is_covered = all(
            any(_covers(strong, weak, scene) for strong in covering) for weak in finding.examples
        )
        if is_covered:
            yield msgspec.structs.replace(finding, uncovered=False)
            continue
        yield finding
        if len(covering) < MOST_COVERING:
            covering.append(finding.examples[0])


def _covers(strong: Example, weak: Example, scene: Scene) -> bool:
    """Whether `weak` would be ordered if the first access of `strong` led to the second."""
    return scene.leads(weak.first, strong.first) and scene.leads(strong.second, weak.second)


def _finding_of(tally: Tally, scene: Scene, kind: FindingKind, *, across_traces: bool) -> Finding:
    examples = best_examples(map(scene.example, tally.pairs))
    first, second = tally.sides
    verdict = tally.counts.strongest
    return Finding(
        fingerprint=fingerprint_of(tally.variable.name, first, second),
        kind=kind,
        verdict=verdict,
        severity=severity_of(first.access_type, second.access_type, verdict),
        variable=tally.variable.name,
        scope=tally.variable.scope_key,
        services=tuple(sorted({first.service, second.service})),
        summary=summary_of(kind, tally.variable.name, first.access_type, second.access_type),
        missing_edge=examples[0].missing_edge,
        fix=examples[0].fix,
        pairs=tally.counts.of(verdict),
        pairs_by_verdict=tally.counts,
        trace_ids=tally.trace_ids,
        first_ns=tally.first_ns,
        last_ns=tally.last_ns,
        examples=examples,
        across_traces=across_traces,
        aliases=tally.aliases,
    )
