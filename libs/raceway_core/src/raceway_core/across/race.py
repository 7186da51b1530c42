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

from raceway_core.access import Variable, is_conflict
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.facts import Facts, compared
from raceway_core.across.lock import hand_over_in
from raceway_core.across.nearest import NumberPair, nearest_pairs
from raceway_core.across.relation import Everything
from raceway_core.across.search import search_pairs
from raceway_core.counting.access_class import counted_sides, side_key
from raceway_core.counting.fingerprint import Side, fingerprint_of
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.counting.overlap import Overlap
from raceway_core.finding import PairCounts, Verdict
from raceway_core.grouping import Tally
from raceway_core.lockset import LockKey, Lockset, is_guarded
from raceway_core.race import Pair


class AccessClass(NamedTuple):
    """What code did, under which locks. Locks that only one trace ever held guard nothing here."""

    side: Side
    lockset: Lockset


def race_tallies(run: RunAccesses, variable: Variable, proven: Container[str]) -> list[Tally]:
    """Return the pairs of each two sides whose fingerprint is not in `proven`.

    Time: O(k log k) per two classes; where several traces pass one lock on, O(k²) in blocks.
    """
    classes = _classes_of(run)
    sides = sorted({one.side for one in classes}, key=side_key)
    wanted = [
        (first, second)
        for first, second in combinations_with_replacement(sides, 2)
        if is_conflict(first.access_type, second.access_type)
        and fingerprint_of(variable.name, first, second) not in proven
    ]
    if not wanted:
        return []
    counter = _Counter(run, classes)
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
        self._overlap = Overlap(self._facts.timing)
        self._hand_over = hand_over_in(run, self._facts)
        self._both = self._hand_over.with_also(self._overlap)

    def tally(self, variable: Variable, first: Side, second: Side) -> Tally | None:
        """Return the pairs of two sides; None if there are none to report."""
        run = self._run
        counts, pairs, taking_part = PairCounts(), list[Pair](), list[Integers]()
        for mine, theirs in _class_pairs(self._by_side[first], self._by_side[second]):
            found = self._counts(mine, theirs)
            counts += found
            if found.strongest is not Verdict.GUARDED:
                pairs.extend(self._shown(mine, theirs, found))
                taking_part.extend(self._taking_part(mine, theirs))
        if not taking_part:
            return None
        members = np.concatenate(taking_part)
        return Tally(
            variable=variable,
            sides=(first, second),
            counts=counts,
            trace_ids=tuple([run.traces[trace] for trace in np.unique(run.trace[members]).tolist()]),
            first_ns=int(run.starts[members].min()),
            last_ns=int(run.ends[members].max()),
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

    def _taking_part(self, mine: AccessClass, theirs: AccessClass) -> Iterator[Integers]:
        """Yield those accesses of two classes that have a partner in the other."""
        facts, (first, second) = self._facts, (self._classes[mine], self._classes[theirs])
        for side, others in ((first, second), (second, first)):
            new, is_there = facts.is_new[side], np.zeros(len(self._run.traces), dtype=np.int64)
            is_there[facts.trace[others]] = 1
            all_count = int(is_there.sum())
            new_count = len(np.unique(facts.trace[others[facts.is_new[others]]]))
            # An access of an old trace is compared with new ones only, so never with its own.
            partners = np.where(new, all_count - is_there[facts.trace[side]], new_count)
            yield side[partners > 0]

    def _shown(self, mine: AccessClass, theirs: AccessClass, counts: PairCounts) -> list[Pair]:
        verdict = counts.strongest
        first, second = self._classes[mine], self._classes[theirs]
        wanted = verdict, counts.of(verdict)
        found = nearest_pairs(self._facts.starts, first, second, self._judge, wanted)
        if found is None:
            found = self._searched(first, second, verdict)
        access = self._run.access
        return [Pair(access(first), access(second), known) for first, second, known in found if known]

    def _searched(self, first: Integers, second: Integers, verdict: Verdict) -> list[NumberPair]:
        def wanted(mine: Integers, theirs: Integers) -> Flags:
            ordered = self._hand_over.holds(mine, theirs)
            if verdict is Verdict.ORDER_DEPENDENT:
                return ordered
            overlap = self._overlap.holds(mine, theirs)
            return ~ordered & (overlap if verdict is Verdict.OBSERVED else ~overlap)

        found = search_pairs(self._facts, wanted, first, second)
        return [NumberPair(number, other, verdict) for number, other in found]

    def _judge(self, first: Integers, second: Integers) -> list[Verdict | None]:
        """Return the verdicts of pairs of classes that conflict and are not guarded."""
        facts = self._facts
        is_compared = facts.trace[first] != facts.trace[second]
        is_compared &= facts.is_new[first] | facts.is_new[second]
        ordered, overlap = self._hand_over.holds(first, second), self._overlap.holds(first, second)
        chosen = np.where(is_compared, np.where(ordered, 1, np.where(overlap, 2, 3)), 0)
        verdicts = (None, Verdict.ORDER_DEPENDENT, Verdict.OBSERVED, Verdict.POSSIBLE)
        return [verdicts[number] for number in chosen.tolist()]


def _classes_of(run: RunAccesses) -> dict[AccessClass, Integers]:
    """Return the numbers of the accesses of each class, ascending."""
    counts: dict[Side, int] = {}
    for role, count in zip(run.roles, np.bincount(run.role, minlength=len(run.roles)).tolist(), strict=True):
        counts[role.side] = counts.get(role.side, 0) + count
    counted_as, shared = counted_sides(counts), _shared_locks(run)
    numbers: dict[AccessClass, int] = {}
    class_of_role = []
    for role in run.roles:
        lockset = tuple(lock for lock in role.lockset if (lock.name, lock.scope_key) in shared)
        one = AccessClass(counted_as[role.side], lockset)
        class_of_role.append(numbers.setdefault(one, len(numbers)))
    class_of = np.array(class_of_role, dtype=np.int64)[run.role]
    in_order = np.argsort(class_of, kind="stable")
    sizes = np.bincount(class_of, minlength=len(numbers))
    return dict(zip(numbers, np.split(in_order, np.cumsum(sizes)[:-1]), strict=True))


def _shared_locks(run: RunAccesses) -> set[LockKey]:
    """Return the locks that accesses of more than one trace hold."""
    first = np.full(len(run.roles), len(run.traces))
    last = np.full(len(run.roles), -1)
    np.minimum.at(first, run.role, run.trace)
    np.maximum.at(last, run.role, run.trace)
    holders: dict[LockKey, set[int]] = {}
    for role, *traces in zip(run.roles, first.tolist(), last.tolist(), strict=True):
        for lock in role.lockset:
            holders.setdefault((lock.name, lock.scope_key), set()).update(traces)
    return {lock for lock, traces in holders.items() if len(traces) > 1}


def _class_pairs(
    first: Sequence[AccessClass], second: Sequence[AccessClass]
) -> Iterator[tuple[AccessClass, AccessClass]]:
    """Yield each unordered pair of classes once."""
    if first is second:
        yield from combinations_with_replacement(first, 2)
    else:
        yield from ((mine, theirs) for mine in first for theirs in second)
