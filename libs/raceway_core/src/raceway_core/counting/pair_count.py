"""How many pairs exactly: counting by class and by window, without ever looking at a pair.

Whether two accesses conflict and whether a lock protects them depends on their classes alone
(`raceway_core.counting.access_class`). What remains is how many pairs of two classes stand in a relation, and
each relation is a window per track (`raceway_core.counting.track`):

    lane 1   a1 ─ a2 ─ a3 ─ a4 ─ a5          before e: a1..a2, one binary search
    lane 2        e                          overlapping e's transaction: a2..a4, two of them

For the members of one class: add 1 where a window of theirs begins, subtract 1 where it ends. The
running sum tells of every access in how many windows it lies, and its sum over a class how many
pairs that makes. So a row of the matrix (class × class) costs one pass over the accesses.

    conflicting, guarded        all − before in C                                    guarded
    conflicting, not guarded    before in H − before in C                            order-dependent
                                overlapping − (overlapping, before in H)             observed
                                all − before in H − observed                         possible

A pair is met from both sides, "before" from one only; so what is symmetric counts once, "before"
twice, and all is halved at the end.

Time: O(S log k + k · classes), S = accesses × tracks, of many tracks the entries of their clocks.
Memory: O(k + `MOST_ENTRIES`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from raceway_core.clock import Clocks
from raceway_core.counting.access_class import Classes
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.counting.track import Tracks, Windows
from raceway_core.finding import PairCounts

MOST_ENTRIES = 2_000_000
"""So many windows of one relation are held at a time."""

Partners: TypeAlias = Mapping[int, Set[int]]
"""By group: the groups that it is compared with."""


class Counts(NamedTuple):
    """Exact counts by two sides, the smaller number first, and what races at all.

    `racing` tells of each access whether it is in a pair that is not guarded.
    """

    pairs: dict[tuple[int, int], PairCounts]
    racing: list[bool]


def count_by_window(tracks: Tracks, classes: Classes, c: Clocks, h: Clocks) -> Counts:
    """Return the counts of all accesses; C and H have the same lanes.

    An access on a lane that one of the two leaves out is taken as ordered with everything in that one.
    """
    counter = _Counter(tracks, classes, c, h)
    by_class = counter.by_class(np.arange(len(counter.class_of)))
    for slots in tracks.parts(by_class, c, MOST_ENTRIES):
        counter.add(slots, _related(tracks, slots, c, h))
    return Counts(counter.pairs(), counter.racing())


def count_between(
    tracks: Tracks, classes: Classes, c: Clocks, h: Clocks, *, groups: Sequence[int], partners: Partners
) -> Counts:
    """Return the counts of those pairs only whose groups are partners, guarded ones racing too.

    `groups` is by access; `partners` has each group's partners, and is symmetric.

    Time: as `count_by_window` for the accesses of the partners, and O(k) per group of `partners`.
    """
    counter = _Counter(tracks, classes, c, h)
    group_of = np.array(groups, dtype=np.int64)[tracks.access]
    for group in sorted(partners):
        slots = counter.by_class(np.flatnonzero(group_of == group))
        among = np.isin(group_of, sorted(partners[group]))
        if len(slots) and among.any():
            counter.add(slots, _related(tracks, slots, c, h), among)
    return Counts(counter.pairs(), counter.racing())


class _Related(NamedTuple):
    """The windows of some slots."""

    before_c: Windows
    before_h: Windows
    overlapping: Windows | None
    is_one_order: bool

    def of(self, rows: slice) -> _Related:
        """Return those of some of the slots."""
        overlapping = None if self.overlapping is None else self.overlapping.of(rows)
        return _Related(self.before_c.of(rows), self.before_h.of(rows), overlapping, self.is_one_order)


def _related(tracks: Tracks, slots: Integers, c: Clocks, h: Clocks) -> _Related:
    before_c = tracks.before(slots, c)
    before_h = before_c if h is c else tracks.before(slots, h)
    overlapping = tracks.overlapping(slots) if tracks.can_overlap and not tracks.is_wide else None
    return _Related(before_c, before_h, overlapping, h is c)


class _Counter:
    """Sums up, class by class. Everything is by slot, by class or by two sides."""

    def __init__(self, tracks: Tracks, classes: Classes, c: Clocks, h: Clocks) -> None:
        self.class_of: Integers = classes.of_access[tracks.access]
        self._tracks = tracks
        self._classes = classes
        self._is_known = tracks.known(c.kept)
        self._is_known_in_h = tracks.known(min(c.kept, h.kept))
        self._twice: Integers = np.zeros((len(classes.sides), len(classes.sides), 4), dtype=np.int64)
        self._partners: Integers = np.zeros(len(self.class_of), dtype=np.int64)

    def by_class(self, slots: Integers) -> Integers:
        """Return those of `slots` of which C knows, sorted by class; first those of which H knows too."""
        known = slots[self._is_known[slots]]
        return known[np.lexsort((~self._is_known_in_h[known], self.class_of[known]))]

    def add(self, slots: Integers, related: _Related, among: Flags | None = None) -> None:
        """Add what `slots`, sorted by class, are related to: everybody, or the slots of `among`."""
        for rows in _runs(self.class_of[slots]):
            number = int(self.class_of[slots[rows.start]])
            conflicting, guarded = self._classes.conflicting(number), self._classes.guarded(number)
            before = self._covered(related.before_c.of(rows))
            candidates = self._is_known if among is None else self._is_known & among
            counts = self._count(slots[rows], related.of(rows), before, candidates)
            masks = np.stack([*[conflicting & ~guarded] * 3, conflicting & guarded])
            side = self._classes.side
            np.add.at(self._twice[side[number]], side, (counts * masks).T)
            wanted = conflicting & ~guarded if among is None else conflicting
            self._add_partners(
                slots[rows], related.before_c.of(rows), before, candidates & wanted[self.class_of]
            )

    def _count(self, slots: Integers, related: _Related, before: Integers, candidates: Flags) -> Integers:
        """Return by verdict and class how many pairs `slots`, all of one class, are in, twice."""
        c = self._everything(slots, candidates) - 2 * self._by_class(before * candidates)
        known = int(np.count_nonzero(self._is_known_in_h[slots]))
        slots, related, candidates = (
            slots[:known],
            related.of(slice(0, known)),
            candidates & self._is_known_in_h,
        )
        if not known:
            return np.stack([0 * c, 0 * c, c, c])
        is_same = related.is_one_order
        h = (
            c
            if is_same
            else self._everything(slots, candidates) - 2 * self._sum(related.before_h, candidates)
        )
        observed = self._observed(slots, related, candidates)
        return np.stack([observed, h - observed, c - h, c])

    def _everything(self, slots: Integers, candidates: Flags) -> Integers:
        """Return by class how many pairs of one of `slots`, all of one class, with a candidate there are."""
        pairs = self._by_class(candidates) * len(slots)
        pairs[self.class_of[slots[0]]] -= np.count_nonzero(candidates[slots])
        return pairs

    def _observed(self, slots: Integers, related: _Related, candidates: Flags) -> Integers:
        if self._tracks.is_wide:
            return self._observed_of_many(slots, related, candidates)
        if related.overlapping is None:
            return np.zeros(len(self._classes.size), dtype=np.int64)
        begins, ends, _ = related.overlapping
        ordered = Windows(begins, np.clip(related.before_h.ends, begins, ends))
        return self._sum(related.overlapping, candidates) - 2 * self._sum(ordered, candidates)

    def _observed_of_many(self, slots: Integers, related: _Related, candidates: Flags) -> Integers:
        """Do what `_observed` does where windows are listed: overlaps are counted by candidate."""
        if not self._tracks.can_overlap:
            return np.zeros(len(self._classes.size), dtype=np.int64)
        chosen = np.flatnonzero(candidates)
        found = np.zeros(len(candidates), dtype=np.int64)
        found[chosen] = self._tracks.overlaps_on_other_lanes(slots, chosen)
        ordered = self._tracks.overlapping_part(slots, related.before_h)
        return self._by_class(found) - 2 * self._sum(ordered, candidates)

    def _sum(self, windows: Windows, candidates: Flags) -> Integers:
        return self._by_class(self._covered(windows) * candidates)

    def _covered(self, windows: Windows) -> Integers:
        """Return for each slot in how many windows it lies."""
        size = len(self.class_of)
        begins = np.bincount(windows.begins.ravel(), minlength=size + 1)
        alike = len(windows.ends) // max(1, len(windows.begins))
        marks = begins * alike - np.bincount(windows.ends.ravel(), minlength=size + 1)
        return np.cumsum(marks[:size])

    def _by_class(self, values: Integers | Flags) -> Integers:
        # Weights are doubles: exact up to 2**53 pairs of one class with another.
        sums = np.bincount(self.class_of, weights=values, minlength=len(self._classes.size))
        return sums.astype(np.int64)

    def _add_partners(self, slots: Integers, c: Windows, before: Integers, is_partner: Flags) -> None:
        """Add how many partners each of `slots` has that are unordered with it in C, and back."""
        counted = np.concatenate(([0], np.cumsum(is_partner)))
        before_slots = c.counted(counted, len(slots))
        self._partners[slots] += counted[-1] - is_partner[slots] - before_slots
        self._partners[is_partner] -= before[is_partner]

    def pairs(self) -> dict[tuple[int, int], PairCounts]:
        """Return what was counted."""
        both_ways = self._twice + self._twice.transpose(1, 0, 2)
        diagonal = np.arange(len(both_ways))
        both_ways[diagonal, diagonal] //= 2
        counts = both_ways // 2
        found = np.argwhere(np.triu(counts.any(axis=2)))
        return {(i, j): PairCounts(0, *counts[i, j].tolist()) for i, j in found.tolist()}

    def racing(self) -> list[bool]:
        """Return by access whether it has a partner."""
        flags: Flags = np.zeros(len(self.class_of), dtype=np.bool_)
        flags[self._tracks.access] = self._partners > 0
        return [bool(flag) for flag in flags]


def _runs(numbers: Integers) -> Iterator[slice]:
    """Yield where equal numbers stand together."""
    cuts = np.flatnonzero(np.diff(numbers)) + 1
    for begin, end in pairwise([0, *cuts.tolist(), len(numbers)]):
        yield slice(begin, end)
