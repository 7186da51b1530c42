"""Locks that order accesses of different traces (`raceway_core.across.handover`), for many pairs at once.

A *track* is one lock on one scale: its grant counter, or the clock of one process. On a track an
access is handed over to another if the first release after the one is before the last acquire before
the other. Several tracks may order one pair, so pairs are decided in blocks of a matrix. Accesses are
sorted by time, so most blocks are decided as a whole: all of their pairs are ordered, or none is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from raceway_core.access import Access
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.facts import Facts, Relation
from raceway_core.across.handover import Around, LockStory, Stamp
from raceway_core.counting.interval_count import Flags, Integers

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


_Scale: TypeAlias = tuple[bool, Hashable, Hashable]
"""Whether it is a grant counter; the lock; and the process, for a clock."""


def hand_over_in(run: RunAccesses, facts: Facts) -> HandOver:
    """Return the hand-overs of the locks that more than one trace of the run touched."""
    stories = [run.story(access) for access in run.accesses]
    traces: dict[_Scale, set[str]] = {}
    rows: dict[_Scale, list[tuple[int, Around]]] = {}
    for number, (access, story) in enumerate(zip(run.accesses, stories, strict=True)):
        for scale, around in _scales(access, story):
            traces.setdefault(scale, set()).add(access.trace_id)
            rows.setdefault(scale, []).append((number, around))
    shared = [scale for scale in rows if len(traces[scale]) > 1]
    return HandOver([_track(rows[scale], len(stories), by_grant=scale[0]) for scale in shared], facts)


def _scales(access: Access, story: LockStory) -> Iterator[tuple[_Scale, Around]]:
    for lock, around in story.items():
        if any(stamp is not None and stamp.grant is not None for stamp in around):
            yield (True, lock, None), around
        if access.process.is_known:
            yield (False, lock, access.process), around


def _track(rows: Sequence[tuple[int, Around]], length: int, *, by_grant: bool) -> Track:
    def on_scale(stamp: Stamp | None, absent: int) -> int:
        value = None if stamp is None else stamp.grant if by_grant else stamp.time_ns
        return absent if value is None else value

    columns = []
    for role, absent in enumerate((-NEVER, -NEVER, NEVER, NEVER)):
        column = np.full(length, absent, dtype=np.int64)
        column[[number for number, _ in rows]] = [on_scale(around[role], absent) for _, around in rows]
        columns.append(column)
    track = Track(*columns)
    is_exclusive = np.array_equal(track.acquired, track.acquired_alone) and np.array_equal(
        track.released, track.released_alone
    )
    return track._replace(released_alone=track.released) if is_exclusive else track
