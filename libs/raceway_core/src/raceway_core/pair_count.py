"""How many pairs exactly: counting by class and by window, without ever looking at a pair.

Whether two accesses conflict and whether a lock protects them depends on their classes alone
(`raceway_core.access_class`). What remains is how many pairs of two classes stand in a relation, and
each relation is a window per track (`raceway_core.track`):

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

Time: O(S log k + k · classes), S = accesses × tracks. Memory: O(k + `MOST_ENTRIES`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from raceway_core.access_class import Classes, Flags
from raceway_core.clock import Clocks
from raceway_core.finding import PairCounts
from raceway_core.track import Integers, Tracks, Windows

MOST_ENTRIES = 2_000_000
"""So many windows of one relation are held at a time."""

_OBSERVED, _POSSIBLE, _ORDER_DEPENDENT, _GUARDED = range(4)


class Counts(NamedTuple):
    """Exact counts by two sides, the smaller number first, and what races at all.

    `racing` tells of each access whether it is in a pair that is not guarded.
    """

    pairs: dict[tuple[int, int], PairCounts]
    racing: list[bool]


def count_by_window(tracks: Tracks, classes: Classes, c: Clocks, h: Clocks) -> Counts:
    """Return the counts of all accesses; C and H have the same lanes."""
    counter = _Counter(tracks, classes)
    by_class = np.argsort(counter.class_of, kind="stable")
    step = max(1, MOST_ENTRIES // len(tracks.lane))
    for begin in range(0, len(by_class), step):
        slots = by_class[begin : begin + step]
        before_c = tracks.before(slots, c)
        before_h = before_c if h is c else tracks.before(slots, h)
        overlapping = tracks.overlapping(slots) if tracks.can_overlap else None
        counter.add(slots, before_c, before_h, overlapping)
    return Counts(counter.pairs(), counter.racing())


class _Counter:
    """Sums up, class by class. Everything is by slot, by class or by two sides."""

    def __init__(self, tracks: Tracks, classes: Classes) -> None:
        self.class_of: Integers = classes.of_access[tracks.access]
        self._tracks = tracks
        self._classes = classes
        self._twice: Integers = np.zeros((4, len(classes.sides), len(classes.sides)), dtype=np.int64)
        self._partners: Integers = np.zeros(len(self.class_of), dtype=np.int64)

    def add(self, slots: Integers, c: Windows, h: Windows, overlapping: Windows | None) -> None:
        """Add what `slots`, sorted by class, are related to."""
        for rows in _runs(self.class_of[slots]):
            number = int(self.class_of[slots[rows.start]])
            conflicting, guarded = self._classes.conflicting(number), self._classes.guarded(number)
            before_c = self._covered(c.of(rows))
            everything = self._classes.size * (rows.stop - rows.start)
            everything[number] -= rows.stop - rows.start
            unordered = everything - 2 * self._by_class(before_c)
            self._add(_GUARDED, number, unordered * (conflicting & guarded))
            racing = conflicting & ~guarded
            if racing.any():
                self._add_partners(slots[rows], c.of(rows), before_c, racing)
                unordered_h = unordered if h is c else everything - 2 * self._sum(h.of(rows))
                observed = 0 if overlapping is None else self._observed(overlapping.of(rows), h.of(rows))
                self._add(_ORDER_DEPENDENT, number, (unordered - unordered_h) * racing)
                self._add(_OBSERVED, number, observed * racing)
                self._add(_POSSIBLE, number, (unordered_h - observed) * racing)

    def _observed(self, overlapping: Windows, h: Windows) -> Integers:
        ordered = Windows(overlapping.begins, np.clip(h.ends, overlapping.begins, overlapping.ends))
        return self._sum(overlapping) - 2 * self._sum(ordered)

    def _sum(self, windows: Windows) -> Integers:
        return self._by_class(self._covered(windows))

    def _covered(self, windows: Windows) -> Integers:
        """Return for each slot in how many windows it lies."""
        size = len(self.class_of)
        begins = np.bincount(windows.begins.ravel(), minlength=size + 1)
        marks = begins - np.bincount(windows.ends.ravel(), minlength=size + 1)
        return np.cumsum(marks[:size])

    def _by_class(self, values: Integers) -> Integers:
        # Weights are doubles: exact up to 2**53 pairs of one class with another.
        sums = np.bincount(self.class_of, weights=values, minlength=len(self._classes.size))
        return sums.astype(np.int64)

    def _add(self, verdict: int, number: int, row: Integers) -> None:
        side = self._classes.side
        np.add.at(self._twice[verdict, side[number]], side, row)

    def _add_partners(self, slots: Integers, c: Windows, before_c: Integers, racing: Flags) -> None:
        """Add how many partners of the `racing` classes are unordered with each of `slots`, and back."""
        is_partner = racing[self.class_of]
        counted = np.concatenate(([0], np.cumsum(is_partner)))
        before = (counted[c.ends] - counted[c.begins]).sum(axis=1)
        self._partners[slots] += counted[-1] - is_partner[slots] - before
        self._partners[is_partner] -= before_c[is_partner]

    def pairs(self) -> dict[tuple[int, int], PairCounts]:
        """Return what was counted."""
        both_ways = self._twice + self._twice.transpose(0, 2, 1)
        diagonal = np.arange(both_ways.shape[1])
        both_ways[:, diagonal, diagonal] //= 2
        counts = both_ways // 2
        found = np.argwhere(np.triu(counts.any(axis=0)))
        return {(i, j): PairCounts(0, *counts[:, i, j].tolist()) for i, j in found.tolist()}

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
