"""Races across the traces of a run, counted exactly, with the pairs that a reader should see.

Accesses that no verdict can tell apart but by time are one *class*: the same code, kind of access
and locks. Two classes conflict and are guarded as a whole; how many of their pairs a lock orders
and how many overlap is counted by `raceway_core.across.relation`, never pair by pair where time alone
decides. C orders nothing here: the traces have no causal link.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from raceway_core.access import Access, Variable, is_conflict
from raceway_core.across.accesses import RunAccesses, unordered
from raceway_core.across.facts import Facts, compared
from raceway_core.across.lock import hand_over_in
from raceway_core.across.relation import Everything, Overlap
from raceway_core.across.search import search_pairs
from raceway_core.counting.access_class import side_key, sides_of
from raceway_core.counting.fingerprint import Side, fingerprint_of
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.counting.reach import overlaps_by
from raceway_core.finding import PairCounts, Verdict
from raceway_core.grouping import Tally
from raceway_core.identity import Lock
from raceway_core.lockset import is_guarded
from raceway_core.nearest_pair import nearest_pairs
from raceway_core.race import Pair, verdict_of


class AccessClass(NamedTuple):
    """What code did, under which locks. Locks that only one trace ever held guard nothing here."""

    side: Side
    lockset: tuple[Lock, ...]


def race_tallies(run: RunAccesses, variable: Variable, proven: Container[str]) -> list[Tally]:
    """Return the pairs of each two sides whose fingerprint is not in `proven`.

    Time: O(k log k) per two classes; where several traces pass one lock on, O(k²) in blocks.
    """
    sides, side_of_access = sides_of(run.accesses)
    wanted = [
        (first, second)
        for first, second in combinations_with_replacement(sorted(sides, key=side_key), 2)
        if is_conflict(first.access_type, second.access_type)
        and fingerprint_of(variable.name, first, second) not in proven
    ]
    if not wanted:
        return []
    counter = _Counter(run, _classes_of(run, [sides[number] for number in side_of_access]))
    tallies = (counter.tally(variable, first, second) for first, second in wanted)
    return [tally for tally in tallies if tally is not None]


class _Counter:
    """Counts the pairs between classes of one run."""

    def __init__(self, run: RunAccesses, classes: Mapping[AccessClass, Integers]) -> None:
        self._run = run
        self._classes = classes
        self._by_side: dict[Side, list[AccessClass]] = {}
        for one in classes:
            self._by_side.setdefault(one.side, []).append(one)
        self._facts = Facts(run)
        self._everything = Everything()
        self._overlap = Overlap(self._facts)
        self._hand_over = hand_over_in(run, self._facts)
        self._both = self._hand_over.with_also(self._overlap)
        self._overlaps = overlaps_by(run.reaches)

    def tally(self, variable: Variable, first: Side, second: Side) -> Tally | None:
        """Return the pairs of two sides; None if there are none to report."""
        counts, pairs, members = PairCounts(), list[Pair](), list[Access]()
        for mine, theirs in _class_pairs(self._by_side[first], self._by_side[second]):
            found = self._counts(mine, theirs)
            counts += found
            if found.strongest is not Verdict.GUARDED:
                pairs.extend(self._shown(mine, theirs, found))
                members.extend(self._taking_part(mine, theirs))
        if not members:
            return None
        return Tally(
            variable=variable,
            sides=(first, second),
            counts=counts,
            trace_ids=tuple(sorted({access.trace_id for access in members})),
            first_ns=min(access.start_ns for access in members),
            last_ns=max(access.end_ns for access in members),
            pairs=pairs,
        )

    def _counts(self, mine: AccessClass, theirs: AccessClass) -> PairCounts:
        first = self._classes[mine]
        second = None if mine == theirs else self._classes[theirs]
        total = compared(self._everything, self._facts, first, second)
        if total == 0:
            return PairCounts()
        if is_guarded(mine.lockset, theirs.lockset):
            return PairCounts(guarded=total)
        overlap = compared(self._overlap, self._facts, first, second)
        ordered = compared(self._hand_over, self._facts, first, second)
        both = compared(self._both, self._facts, first, second)
        observed = overlap - both
        return PairCounts(observed=observed, possible=total - observed - ordered, order_dependent=ordered)

    def _taking_part(self, mine: AccessClass, theirs: AccessClass) -> Iterator[Access]:
        """Yield those accesses of two classes that have a partner in the other."""
        first, second = self._members(mine), self._members(theirs)
        for side, others in ((first, second), (second, first)):
            traces = {access.trace_id for access in others}
            new = traces & self._run.new_traces
            for access in side:
                partners = traces if access.trace_id in self._run.new_traces else new
                if len(partners) > (access.trace_id in partners):
                    yield access

    def _shown(self, mine: AccessClass, theirs: AccessClass, counts: PairCounts) -> Sequence[Pair]:
        verdict = counts.strongest
        first = self._members(mine)
        second = first if mine == theirs else self._members(theirs)
        found = nearest_pairs(first, second, self._judge, verdict, counts.of(verdict))
        return self._searched(mine, theirs, verdict) if found is None else found

    def _searched(self, mine: AccessClass, theirs: AccessClass, verdict: Verdict) -> list[Pair]:
        def wanted(first: Integers, second: Integers) -> Flags:
            ordered = self._hand_over.holds(first, second)
            if verdict is Verdict.ORDER_DEPENDENT:
                return ordered
            overlap = self._overlap.holds(first, second)
            return ~ordered & (overlap if verdict is Verdict.OBSERVED else ~overlap)

        numbers = search_pairs(self._facts, wanted, self._classes[mine], self._classes[theirs])
        accesses = self._run.accesses
        return [Pair(accesses[number], accesses[other], verdict) for number, other in numbers]

    def _members(self, one: AccessClass) -> list[Access]:
        return [self._run.accesses[number] for number in self._classes[one].tolist()]

    def _judge(self, first: Access, second: Access) -> Pair | None:
        if not self._run.are_compared(first, second):
            return None
        verdict = verdict_of(first, second, c=unordered, h=self._run.lock_order, overlaps=self._overlaps)
        return None if verdict is None else Pair(first, second, verdict)


def _classes_of(run: RunAccesses, sides: Sequence[Side]) -> dict[AccessClass, Integers]:
    """Return the numbers of the accesses of each class; `sides` are by access."""
    holders: dict[tuple[str, str], set[str]] = {}
    for access in run.accesses:
        for lock in access.lockset:
            holders.setdefault((lock.name, lock.scope_key), set()).add(access.trace_id)
    shared = {lock for lock, traces in holders.items() if len(traces) > 1}
    numbers: dict[AccessClass, list[int]] = {}
    for number, access in enumerate(run.accesses):
        lockset = tuple(lock for lock in access.lockset if (lock.name, lock.scope_key) in shared)
        numbers.setdefault(AccessClass(sides[number], lockset), []).append(number)
    return {one: np.array(members, dtype=np.int64) for one, members in numbers.items()}


def _class_pairs(
    first: Sequence[AccessClass], second: Sequence[AccessClass]
) -> Iterator[tuple[AccessClass, AccessClass]]:
    """Yield each unordered pair of classes once."""
    if first is second:
        yield from combinations_with_replacement(first, 2)
    else:
        yield from ((mine, theirs) for mine in first for theirs in second)
