"""Locks that order accesses of different traces (`raceway_core.across.handover`), for many pairs at once.

A *track* is one lock on one scale: its grant counter, or the clock of one process. On a track an
access is handed over to another if the first release after the one is before the last acquire before
the other. Several tracks may order one pair, so pairs are decided in blocks of a matrix. Accesses are
sorted by time, so most blocks are decided as a whole: all of their pairs are ordered, or none is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from raceway_core.across.accesses import RunAccesses, StoryColumn
from raceway_core.across.facts import Facts, Relation
from raceway_core.across.window import ABSENT, STAMP_NUMBERS
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.identity import Process
from raceway_core.lockset import LockKey

SIDE = 512
"""Blocks have so many rows and columns."""

NEVER = np.iinfo(np.int64).max


class Track(NamedTuple):
    """By access: when the lock was acquired before it and released after it, on one scale.

    Without an acquire it is -NEVER, without a release NEVER. `_alone` counts exclusive holds only.
    """

    acquired: Integers
    acquired_alone: Integers
    released: Integers
    released_alone: Integers


class HandOver:
    """Whether a lock was handed over from one access to the other, either way.

    With `also` only pairs count that have that relation too.
    """

    def __init__(self, tracks: Sequence[Track], facts: Facts, also: Relation | None = None) -> None:
        self._tracks = tracks
        self._facts = facts
        self._also = also
        self._touched = np.zeros(len(facts.trace), dtype=np.bool_)
        for track in tracks:
            self._touched |= (track.acquired > -NEVER) | (track.released < NEVER)

    def with_also(self, also: Relation) -> HandOver:
        """Return the pairs that have `also` too."""
        return HandOver(self._tracks, self._facts, also)

    def between(self, first: Integers, second: Integers) -> int:
        blocks = list(self._blocks(second))
        return sum(self._count(mine, theirs) for mine in self._blocks(first) for theirs in blocks)

    def within(self, chosen: Integers) -> int:
        # No access is handed over to itself: its lock is released after it was acquired.
        return self.between(chosen, chosen) // 2

    def holds(self, first: Integers, second: Integers) -> Flags:
        ordered: Flags = np.zeros(np.broadcast(first, second).shape, dtype=np.bool_)
        for track in self._tracks:
            ordered |= _leads(track, first, second) | _leads(track, second, first)
        return ordered if self._also is None else ordered & self._also.holds(first, second)

    def _blocks(self, chosen: Integers) -> Iterator[Integers]:
        touched = chosen[self._touched[chosen]]
        in_time = touched[np.argsort(self._facts.reach.starts[touched], kind="stable")]
        yield from (in_time[begin : begin + SIDE] for begin in range(0, len(in_time), SIDE))

    def _count(self, mine: Integers, theirs: Integers) -> int:
        ways = [(track, *way) for track in self._tracks for way in ((mine, theirs), (theirs, mine))]
        if not any(_may_lead(*way) for way in ways):
            return 0
        rows, columns = mine[:, np.newaxis], theirs[np.newaxis, :]
        if not any(_must_lead(*way) for way in ways):
            return int(np.count_nonzero(self.holds(rows, columns)))
        if self._also is None:
            return len(mine) * len(theirs)
        if _are_apart(self._facts, mine, theirs):
            return 0
        return int(np.count_nonzero(self._also.holds(rows, columns)))


def _leads(track: Track, first: Integers, second: Integers) -> Flags:
    leads: Flags = track.released[first] < track.acquired_alone[second]
    if track.released is not track.released_alone:
        leads = leads | (track.released_alone[first] < track.acquired[second])
    return leads


def _may_lead(track: Track, first: Integers, second: Integers) -> bool:
    return bool(track.released[first].min() < track.acquired[second].max())


def _must_lead(track: Track, first: Integers, second: Integers) -> bool:
    return bool(track.released[first].max() < track.acquired_alone[second].min())


def _are_apart(facts: Facts, first: Integers, second: Integers) -> bool:
    """Whether all of one side ended, by their stamps, when the other began: then none overlap."""
    starts, ends = facts.reach
    return bool(ends[first].max() <= starts[second].min() or ends[second].max() <= starts[first].min())


_Scale: TypeAlias = tuple[LockKey, Process | None]
"""A lock, and the process whose clock tells when it changed hands; None for its grant counter."""

_COLUMNS = {False: slice(1, STAMP_NUMBERS, 2), True: slice(0, STAMP_NUMBERS, 2)}
"""Which of the numbers of an `Around` are on a scale: grant counters, else times."""


def hand_over_in(run: RunAccesses, facts: Facts) -> HandOver:
    """Return the hand-overs of the locks that more than one trace of the run touched."""
    columns: dict[_Scale, list[StoryColumn]] = {}
    for column in run.stories():
        if (column.stamps[:, _COLUMNS[True]] != ABSENT).any():
            columns.setdefault((column.lock, None), []).append(column)
        if column.process.is_known:
            columns.setdefault((column.lock, column.process), []).append(column)
    return HandOver(
        [
            _track(found, len(run.trace), by_grant=process is None)
            for (_, process), found in columns.items()
            if _is_shared(run, found)
        ],
        facts,
    )


def _is_shared(run: RunAccesses, columns: Sequence[StoryColumn]) -> bool:
    first = run.trace[columns[0].accesses[0]]
    return any((run.trace[column.accesses] != first).any() for column in columns)


def _track(columns: Sequence[StoryColumn], length: int, *, by_grant: bool) -> Track:
    on_scale = np.tile(np.array([-NEVER, -NEVER, NEVER, NEVER]), (length, 1))
    for column in columns:
        stamps = column.stamps[:, _COLUMNS[by_grant]]
        on_scale[column.accesses] = np.where(stamps == ABSENT, on_scale[column.accesses], stamps)
    track = Track(*on_scale.T.copy())
    is_exclusive = np.array_equal(track.acquired, track.acquired_alone) and np.array_equal(
        track.released, track.released_alone
    )
    return track._replace(released_alone=track.released) if is_exclusive else track
