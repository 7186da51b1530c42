"""What becomes of the races of one trace: counts by place for a report, tallies for the findings."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from raceway_core.access import Access, Variable
from raceway_core.finding import PairCounts, Verdict
from raceway_core.fingerprint import fingerprint_of
from raceway_core.grouping import Tally
from raceway_core.pair_list import strongest_pairs
from raceway_core.race import Races
from raceway_core.result import LocationPairs, VariableCount


def count_of(variable: Variable, accesses: Sequence[Access], races: Races | None) -> VariableCount:
    """Return what was counted for a variable, `races` being None if all is ordered."""
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
        LocationPairs(*key, verdict, counts.of(verdict))
        for key, counts in sorted(rows.items())
        for verdict in Verdict
        if verdict is not Verdict.GUARDED and counts.of(verdict)
    )


def race_tallies(races: Races, absorbed: Container[str]) -> Iterator[Tally]:
    """Yield a tally for each two sides that race, but for fingerprints in `absorbed`.

    Its times are those of the racing accesses on either side.
    """
    times = _times(races)
    for (i, j), counts in races.counts.items():
        first, second = races.sides[i], races.sides[j]
        variable = races.accesses[0].variable
        if not counts.reported or fingerprint_of(variable.name, first, second) in absorbed:
            continue
        yield Tally(
            variable=variable,
            sides=(first, second),
            counts=counts,
            trace_ids=(races.accesses[0].trace_id,),
            first_ns=min(times[i][0], times[j][0]),
            last_ns=max(times[i][1], times[j][1]),
            pairs=strongest_pairs(races, i, j, counts),
        )


def _times(races: Races) -> dict[int, tuple[int, int]]:
    """Return by side when its racing accesses began and ended."""
    times: dict[int, tuple[int, int]] = {}
    for access, side, racing in zip(races.accesses, races.side_of, races.racing, strict=True):
        if racing:
            first_ns, last_ns = times.get(side, (access.start_ns, access.end_ns))
            times[side] = (min(first_ns, access.start_ns), max(last_ns, access.end_ns))
    return times
