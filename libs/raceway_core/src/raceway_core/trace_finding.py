"""The findings of one trace: its lost updates, and those races that are no part of one.

Lost updates are looked for first, because what they prove counts as proven in the races; then each
variable's races are counted; then what a reader should see of them is chosen. All counts are exact,
and every cap is told: `cut` says how many findings were left out.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from raceway_core.access import Access, Variable
from raceway_core.finding import Example, Finding, FindingKind
from raceway_core.grouping import Scene, Tally, absorb, group, names_of
from raceway_core.lost_update import LostUpdate, find_lost_updates
from raceway_core.lost_update_tally import lost_update_tallies
from raceway_core.pair_list import list_pairs
from raceway_core.predicted_finding import predicted_findings
from raceway_core.predicted_update import Holds, Predicted, Prediction, predicted_updates
from raceway_core.race import Order, Races, find_races
from raceway_core.race_tally import Fault, faults_of, tally_of

MOST_FINDINGS = 1_000
"""Of one trace. Code that makes up its locations would otherwise make a finding of every pair."""

MOST_PAIRS = 500
"""So many racing pairs of a trace are all listed; of more only the findings' examples are."""


class TraceFindings(NamedTuple):
    """What was found in a trace. `races` has the variables with unordered conflicting accesses.

    `pairs` are racing pairs, strongest first: all of them, if they are few. `is_prediction_cut`: more
    lost updates might be predicted.
    """

    findings: Sequence[Finding]
    races: Mapping[Variable, Races]
    pairs: tuple[Example, ...]
    pair_count: int
    cut: int
    is_prediction_cut: bool = False

    def racing(self, variable: Variable, count: int) -> Sequence[bool]:
        """Tell of each of a variable's `count` accesses whether it races."""
        races = self.races.get(variable)
        return races.racing if races else [False] * count


def find_in_trace(
    accesses: Mapping[Variable, Sequence[Access]],
    order: Order,
    scene: Scene,
    uncommitted: Container[int],
    holds: Holds | None = None,
) -> TraceFindings:
    """Return the findings of a trace; accesses stand in a linear extension of C.

    `uncommitted` are the transactions whose writes prove nothing. `holds` is None where no lock was held.
    """
    lost = {variable: _lost_updates(of_one, scene, uncommitted) for variable, of_one in accesses.items()}
    races = {
        variable: found
        for variable, of_one in accesses.items()
        if (found := find_races(of_one, order, _transactions(lost[variable])))
    }
    if not races and not any(lost.values()):
        return TraceFindings((), {}, (), 0, 0)
    pair_count = sum(found.pair_count for found in races.values())
    losses = chain.from_iterable(lost_update_tallies(lost[variable], accesses[variable]) for variable in lost)
    lost_findings = group(losses, scene, kind=FindingKind.LOST_UPDATE)
    tallies, cut = _strongest(races.values(), names_of(lost_findings))
    findings = absorb(lost_findings, group(tallies, scene), scene)
    is_cut = False
    if holds:
        committed = {variable: _committed(of_one, uncommitted) for variable, of_one in accesses.items()}
        predicted = _predicted(committed, lost, scene, holds)
        is_cut = predicted.is_cut
        findings = _with_predicted(findings, predicted.found, scene)
    pairs = _listed(races.values(), scene) if pair_count <= MOST_PAIRS else _shown(findings)
    return TraceFindings(findings, races, pairs, pair_count, cut, is_cut)


def _predicted(
    accesses: Mapping[Variable, Sequence[Access]],
    lost: Mapping[Variable, Sequence[LostUpdate]],
    scene: Scene,
    holds: Holds,
) -> Prediction:
    parts = [
        predicted_updates(of_one, holds, scene, {proven.transactions for proven in lost[variable]})
        for variable, of_one in accesses.items()
        if of_one
    ]
    return Prediction([one for part in parts for one in part.found], any(part.is_cut for part in parts))


def _with_predicted(findings: list[Finding], found: Sequence[Predicted], scene: Scene) -> list[Finding]:
    if not found:
        return findings
    more = predicted_findings(found, scene, names_of(findings))
    return sorted([*findings, *more], key=lambda finding: finding.sort_key)


def _committed(accesses: Sequence[Access], uncommitted: Container[int]) -> list[Access]:
    """Return the accesses that may prove something; none where one transaction made all."""
    first = accesses[0].transaction
    if all(access.transaction == first for access in accesses):
        return []
    return [access for access in accesses if access.transaction not in uncommitted]


def _lost_updates(accesses: Sequence[Access], scene: Scene, uncommitted: Container[int]) -> list[LostUpdate]:
    committed = _committed(accesses, uncommitted)
    if not committed:
        return []
    cut = {access.transaction for access in committed if access.is_cut}
    lost = find_lost_updates(committed, scene.precedes)
    return [one for one in lost if cut.isdisjoint(number for _, number in one.transactions)] if cut else lost


def _transactions(lost: Iterable[LostUpdate]) -> frozenset[tuple[int, int]]:
    """Return the pairs of transactions, the smaller number first."""
    return frozenset((first[1], second[1]) for first, second in (one.transactions for one in lost))


def _strongest(races: Iterable[Races], absorbed: Container[str]) -> tuple[list[Tally], int]:
    """Return the tallies of the strongest faults, and how many faults were left out."""
    by_fingerprint: dict[str, list[Fault]] = {}
    for fault in chain.from_iterable(map(faults_of, races)):
        if fault.fingerprint not in absorbed:
            by_fingerprint.setdefault(fault.fingerprint, []).append(fault)
    ranked = sorted(by_fingerprint.values(), key=lambda faults: min(fault.sort_key for fault in faults))
    kept = [tally_of(fault) for faults in ranked[:MOST_FINDINGS] for fault in faults]
    return kept, max(0, len(ranked) - MOST_FINDINGS)


def _listed(races: Iterable[Races], scene: Scene) -> tuple[Example, ...]:
    pairs = (pair for found in races for i, j in found.counts for pair in list_pairs(found, i, j))
    return tuple(sorted(map(scene.example, pairs), key=lambda example: example.sort_key))


def _shown(findings: Iterable[Finding]) -> tuple[Example, ...]:
    shown = (example for finding in findings for example in finding.examples)
    return tuple(islice(sorted(shown, key=lambda example: example.sort_key), MOST_PAIRS))
