"""Split updates: a lock given back between a read and the write that rests on it, told from a window.

The story of the locks around an access (`raceway_core.across.handover`) has the first release after a read
and the last acquire before a write. Where the release is known to be no later, the lock was free in
between; where the two accesses have one story, it was held throughout. Which two accesses and which locks
are to be asked is the same in all windows of a shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raceway_core.across.window import ABSENT, STAMP_NUMBERS, Shape, Stand
from raceway_core.lockset import LockKey, Lockset

_FEWEST_STORIES = 3
"""The empty one, and one for each side of a gap."""

_ACQUIRED_NS, _RELEASED_NS = 1, 5
"""Where these times stand among the numbers of an `Around`."""


class Gap(NamedTuple):
    """An update by the places of its accesses, and a lock of both.

    `before` and `after` are where the numbers of the lock's story around each begin, among all stamps.
    """

    read: int
    write: int
    lock: LockKey
    before: int
    after: int

    def is_open(self, stamps: Sequence[int]) -> bool:
        """Whether the lock was free between the two in a window with these stamps."""
        before = stamps[self.before : self.before + STAMP_NUMBERS]
        after = stamps[self.after : self.after + STAMP_NUMBERS]
        released, acquired = before[_RELEASED_NS], after[_ACQUIRED_NS]
        return before != after and ABSENT not in (released, acquired) and released <= acquired


def gaps_of(shape: Shape) -> tuple[Gap, ...]:
    """Return where a window of a shape may have been split, in the order of the writes."""
    if len(shape.stories) < _FEWEST_STORIES:
        return ()
    columns = _columns_of(shape)
    return tuple(
        Gap(read, write, lock, columns[before, lock], columns[after, lock])
        for read, write in _updates(shape.stands)
        if (before := shape.stands[read].story) != (after := shape.stands[write].story)
        for lock in sorted(_locks_at(shape, read) & _locks_at(shape, write))
        if (before, lock) in columns and (after, lock) in columns
    )


def _columns_of(shape: Shape) -> dict[tuple[int, LockKey], int]:
    """Return by story and lock where its stamps begin."""
    told = ((number, lock) for number, story in enumerate(shape.stories) for lock in story)
    return {one: place * STAMP_NUMBERS for place, one in enumerate(told)}


def _locks_at(shape: Shape, place: int) -> set[LockKey]:
    lockset: Lockset = shape.locksets[shape.stands[place].lockset]
    return {(lock.name, lock.scope_key) for lock in lockset}


def _updates(stands: Sequence[Stand]) -> Iterator[tuple[int, int]]:
    """Yield each write with the last read before it in its transaction, as `write_order.updates_of` does."""
    last_read: dict[int, int] = {}
    for place, stand in enumerate(stands):
        if stand.access_type.reads:
            last_read[stand.transaction] = place
        elif stand.transaction in last_read:
            yield last_read[stand.transaction], place
