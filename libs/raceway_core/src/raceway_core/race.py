"""Data races: what they are, how sure one is, and how many there are, exactly.

Two accesses *conflict* if they touch one variable, at least one writes and not both are atomic.
They *race* if they conflict, neither happens before the other (C), and no lock protects both: a
common lock does, unless both hold it shared. The verdict says how sure a pair is, strongest first:

    proven           the values show the damage (`raceway_core.lost_update`)
    observed         unordered in C and in H, and their transactions were seen to overlap in time
    possible         unordered in C and in H, but not seen to overlap
    order-dependent  unordered in C, ordered in H by a lock that is not held at both accesses
    guarded          unordered in C, and a common lock protects both: counted, never reported

A client may have cut its clock to a bounded size, and says so; a pair of such an access may be
ordered by what was left out, so it is at most `possible`.

H is C together with the order in which locks were granted (`raceway_core.lock_order`). A pair that
C orders is no pair.

Each variable of a trace is asked three questions. With k accesses on c lanes of the causal order it
pays only for those that it has to answer:

    1. Is it racy at all?                                                       O(k)
    2. How many pairs are there, exactly?                                       O(k·c log k), never k²
    3. Which are they?                                                          O(c log k) and output

**First.** A variable that nobody writes does not race. Nor does one whose accesses each happen before
the next in a linear extension of C: happens-before is transitive. Most variables are done here.

**Second.** Few accesses are compared two by two, which is the definition. Many are counted. What two
accesses conflict over and which locks they share depends only on their *class*: place, kind of
access, lockset. What is ordered is a *window*: the accesses of one lane lie in program order, so

    lane 1   a1 ─ a2 ─ a3 ─ a4 ─ a5
               └──► e ──────────┘

those before e are a prefix (a1), found by one binary search, and those after e a suffix (a5). So for
each two classes: all pairs, minus those in windows of C, is what is unordered in C; the same with H,
and with the windows of transactions that overlap in time, tells the verdicts apart. Ends of windows
are summed, pairs are never looked at (`raceway_core.counting.pair_count`, `raceway_core.counting.track`).

**Third.** What lies between prefix and suffix is concurrent with e (a2..a4). It is listed lazily, as
far as somebody reads (`raceway_core.pair_list`): five examples of a finding, all pairs of a small
trace.

Sources: Lamport 1978 and Mattern 1989 (happens-before, vector clocks); Netzer & Miller 1992 (what a
race is); Savage et al. 1997, Eraser (locksets); O'Callahan & Choi 2003 (locksets with
happens-before); Flanagan & Freund 2009, FastTrack (one comparison orders two accesses).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from operator import or_
from typing import NamedTuple, TypeAlias

from raceway_core.access import Access, Precedes, Variable, is_conflict, transaction_key
from raceway_core.clock import Clocks
from raceway_core.counting.access_class import Classes, sides_of
from raceway_core.counting.fingerprint import Side
from raceway_core.counting.pair_count import count_between, count_by_window
from raceway_core.counting.reach import Overlaps, overlaps_by, reaches_of
from raceway_core.counting.timebase import Timebase
from raceway_core.counting.track import Tracks
from raceway_core.finding import PairCounts, Verdict
from raceway_core.lockset import is_guarded

FEW = 32
"""Up to so many accesses of a variable it is faster to compare each two."""

Transactions: TypeAlias = Set[tuple[int, int]]
"""Pairs of transactions of one trace, the smaller number first."""


class Order(NamedTuple):
    """The two orders of one trace, one object where no lock adds anything, and how its wall clocks compare.

    Without a `timebase` no two hosts do.
    """

    c: Clocks
    h: Clocks
    timebase: Timebase | None = None


class Pair(NamedTuple):
    """Two accesses and how sure it is that they are a fault; `witness` are reads that prove it."""

    first: Access
    second: Access
    verdict: Verdict
    witness: tuple[Access, ...] = ()


def verdict_of(
    first: Access, second: Access, *, c: Precedes, h: Precedes, overlaps: Overlaps
) -> Verdict | None:
    """Return how sure it is that two accesses of one variable race; None if they cannot.

    This is the definition; whatever counts faster is tested against it. It knows nothing of values,
    so it never answers `proven`.
    """
    if not is_conflict(first.access_type, second.access_type) or c(first, second) or c(second, first):
        return None
    if is_guarded(first.lockset, second.lockset):
        return Verdict.GUARDED
    if h(first, second) or h(second, first):
        return Verdict.ORDER_DEPENDENT
    return Verdict.OBSERVED if overlaps(first, second) else Verdict.POSSIBLE


class Judge:
    """The verdicts on pairs of one variable's accesses, with what their values have proven."""

    def __init__(self, accesses: Sequence[Access], order: Order, proven: Transactions) -> None:
        self.order = order
        self.reaches = reaches_of(accesses)
        self._proven = proven
        self._overlaps = overlaps_by(self.reaches, order.timebase)

    def __call__(self, first: Access, second: Access) -> Verdict | None:
        """Return the verdict on a pair; None if it is ordered or does not conflict."""
        verdict = self.without_values(first, second)
        if verdict is None or not self._proven:
            return verdict
        is_proven = _sorted(first.transaction, second.transaction) in self._proven
        return Verdict.PROVEN if is_proven else verdict

    def without_values(self, first: Access, second: Access) -> Verdict | None:
        """Return the verdict that the order of events and the locks alone give."""
        return verdict_of(first, second, c=self._in_c, h=self._in_h, overlaps=self._overlaps)

    def _in_c(self, first: Access, second: Access) -> bool:
        return self.order.c.happens_before(first.number, second.number)

    def _in_h(self, first: Access, second: Access) -> bool:
        return self.order.h.happens_before(first.number, second.number)


@dataclass(frozen=True)
class Races:
    """The races of one variable.

    `accesses` stand in a linear extension; `side_of` and `racing` are by access, the latter telling
    whether it is in a pair that is not guarded. `counts` is by two sides, the smaller number first;
    so is `compared`, which has the pairs that are not guarded, where all were looked at anyway.
    """

    accesses: Sequence[Access]
    judge: Judge
    sides: Sequence[Side]
    side_of: Sequence[int]
    racing: Sequence[bool]
    counts: Mapping[tuple[int, int], PairCounts]
    compared: Mapping[tuple[int, int], Sequence[Pair]] | None = None

    @property
    def variable(self) -> Variable:
        """The variable."""
        return self.accesses[0].variable

    @cached_property
    def racing_of(self) -> Sequence[Sequence[int]]:
        """By side: the places of its racing accesses."""
        places: list[list[int]] = [[] for _ in self.sides]
        for place, side in enumerate(self.side_of):
            if self.racing[place]:
                places[side].append(place)
        return places

    @cached_property
    def times_of(self) -> Sequence[tuple[int, int]]:
        """By side that races: when its racing accesses began and when they ended."""
        members = [[self.accesses[place] for place in places] for places in self.racing_of]
        return [
            (min((one.start_ns for one in side), default=0), max((one.end_ns for one in side), default=0))
            for side in members
        ]

    @cached_property
    def pair_count(self) -> int:
        """How many pairs are not guarded."""
        return sum(counts.reported for counts in self.counts.values())


def find_races(accesses: Sequence[Access], order: Order, proven: Transactions = frozenset()) -> Races | None:
    """Return the races of one variable, None if no two of its accesses conflict and are unordered.

    `accesses` are all of the variable in one trace, in the linear extension of C. All conflicting
    unordered pairs between two transactions of `proven` are proven, the others never.

    Time: O(k) if they are all ordered, else O(k · lanes · log k + k · classes).
    """
    if not _can_race(accesses, order.c):
        return None
    judge = Judge(accesses, order, proven)
    races = _compare_each(accesses, judge) if len(accesses) <= FEW else _count(accesses, judge, proven)
    return races if races.counts else None


def _can_race(accesses: Sequence[Access], c: Clocks) -> bool:
    """Whether somebody writes and not all accesses are ordered: the first question."""
    if not any(access.access_type.writes for access in accesses):
        return False
    before = c.happens_before
    return any(not before(first.number, second.number) for first, second in pairwise(accesses))


def _compare_each(accesses: Sequence[Access], judge: Judge) -> Races:
    """Answer the second and the third question by the definition."""
    sides, side_of = sides_of(accesses)
    verdicts: dict[tuple[int, int], list[int]] = {}
    pairs: dict[tuple[int, int], list[Pair]] = {}
    racing = [False] * len(accesses)
    for (i, first), (j, second) in combinations(enumerate(accesses), 2):
        verdict = judge(first, second)
        if verdict is not None:
            key = _sorted(side_of[i], side_of[j])
            verdicts.setdefault(key, [0] * len(Verdict))[verdict.rank] += 1
            if verdict is not Verdict.GUARDED:
                racing[i] = racing[j] = True
                pairs.setdefault(key, []).append(Pair(first, second, verdict))
    counts = {key: PairCounts(*by_verdict) for key, by_verdict in verdicts.items()}
    return Races(accesses, judge, sides, side_of, racing, counts, pairs)


def _count(accesses: Sequence[Access], judge: Judge, proven: Transactions) -> Races:
    """Answer the second question by class and window; what `proven` says moves to its verdict."""
    classes = Classes(accesses)
    reaches = [judge.reaches[transaction_key(access)] for access in accesses]
    c, h, timebase = judge.order
    tracks = Tracks(accesses, c, reaches, timebase)
    counts, racing = count_by_window(tracks, classes, c, h)
    if proven:
        groups = [access.transaction for access in accesses]
        moved = count_between(tracks, classes, c, h, groups=groups, partners=_partners(proven))
        counts = {sides: _proved(of_two, moved.pairs.get(sides)) for sides, of_two in counts.items()}
        racing = list(map(or_, racing, moved.racing))
    return Races(accesses, judge, classes.sides, classes.side_of_access, racing, counts)


def _partners(pairs: Transactions) -> dict[int, set[int]]:
    partners: dict[int, set[int]] = {}
    for first, second in pairs:
        partners.setdefault(first, set()).add(second)
        partners.setdefault(second, set()).add(first)
    return partners


def _proved(counts: PairCounts, moved: PairCounts | None) -> PairCounts:
    """Return counts of which those of `moved` are proven."""
    if moved is None:
        return counts
    return PairCounts(
        proven=moved.reported + moved.guarded,
        observed=counts.observed - moved.observed,
        possible=counts.possible - moved.possible,
        order_dependent=counts.order_dependent - moved.order_dependent,
        guarded=counts.guarded - moved.guarded,
    )


def _sorted(first: int, second: int) -> tuple[int, int]:
    return (first, second) if first < second else (second, first)
