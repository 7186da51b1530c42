"""What becomes of the races of one trace: counts by place for a report, tallies for the findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from raceway_core.access import Access, Variable
from raceway_core.counting.fingerprint import fingerprint_of
from raceway_core.finding import PairCounts, Verdict, severity_of
from raceway_core.grouping import Tally
from raceway_core.pair_list import strongest_pairs
from raceway_core.race import Races
from raceway_core.result import LocationPairs, VariableCount


def count_of(variable: Variable, accesses: Sequence[Access], races: Races | None) -> VariableCount:
    """Return what was counted for a variable; `races` is None if nothing conflicts unordered."""
    writes = sum(access.access_type.writes for access in accesses)
    reads = sum(access.access_type.reads for access in accesses)
    pairs = sum(races.counts.values(), PairCounts()) if races else PairCounts()
    return VariableCount(
        variable=variable.name,
        scope=variable.scope_key,
        accesses=len(accesses),
        reads=reads,
        writes=writes,
        pairs=pairs,
        locations=_locations(races) if races else (),
    )


def _locations(races: Races) -> tuple[LocationPairs, ...]:
    """Return the counts by place: sides that differ in service or kind only are one."""
    places = [str(side.place) for side in races.sides]
    rows: dict[tuple[str, str], PairCounts] = {}
    for (i, j), counts in races.counts.items():
        key = (min(places[i], places[j]), max(places[i], places[j]))
        rows[key] = rows[key] + counts if key in rows else counts
    return tuple(
        LocationPairs(*key, verdict, pairs)
        for key, counts in sorted(rows.items(), key=itemgetter(0))
        for verdict, pairs in counts.present()
        if verdict is not Verdict.GUARDED
    )


class Fault(NamedTuple):
    """The pairs of two sides of one variable, which have one fingerprint."""

    races: Races
    sides: tuple[int, int]
    counts: PairCounts
    fingerprint: str

    @property
    def sort_key(self) -> tuple[int, int, int, str, tuple[int, int]]:
        """Strongest, worst and most first."""
        first, second = (self.races.sides[side].access_type for side in self.sides)
        verdict = self.counts.strongest
        severity = severity_of(first, second, verdict)
        variable = self.races.variable.name
        return (verdict.rank, severity.rank, -self.counts.reported, variable, self.sides)


def faults_of(races: Races) -> Iterator[Fault]:
    """Yield the faults of one variable, but for those that are guarded."""
    variable = races.variable.name
    for (i, j), counts in races.counts.items():
        if counts.reported:
            yield Fault(races, (i, j), counts, fingerprint_of(variable, races.sides[i], races.sides[j]))


def tally_of(fault: Fault) -> Tally:
    """Return a fault with the pairs worth showing. Its times are those of all its racing accesses."""
    races, (i, j) = fault.races, fault.sides
    times = [races.times_of[side] for side in fault.sides]
    return Tally(
        variable=races.variable,
        sides=(races.sides[i], races.sides[j]),
        counts=fault.counts,
        trace_ids=(races.accesses[0].trace_id,),
        first_ns=min(first_ns for first_ns, _ in times),
        last_ns=max(last_ns for _, last_ns in times),
        pairs=strongest_pairs(races, i, j, fault.counts),
    )
