"""Split updates: a lock given back between a read and the write that rests on it, told from a window.

The story of the locks around an access (`raceway_core.across.handover`) has the first release after a read
and the last acquire before a write. Where the release is known to be no later, the lock was free in
between; where the two accesses have one story, it was held throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from raceway_core.across.handover import Around, LockStory
from raceway_core.across.window import Body, Row
from raceway_core.lockset import LockKey, Lockset

_FEWEST_STORIES = 3
"""The empty one, and one for each side of a gap."""


def released_between(
    read: Lockset, before: LockStory, write: Lockset, after: LockStory
) -> frozenset[LockKey]:
    """Return the locks that both accesses of an update hold and that were free in between.

    `before` is the story around the read, `after` the one around the write.
    """
    common = {(lock.name, lock.scope_key) for lock in read} & {(lock.name, lock.scope_key) for lock in write}
    return frozenset(key for key in common if _is_free_between(before.get(key), after.get(key)))


def has_split(body: Body) -> bool:
    """Whether an update of a window is split. Time: O(rows), O(1) where no lock changed hands between."""
    if len(body.stories) < _FEWEST_STORIES:
        return False
    stories = [{(name, scope): around for name, scope, around in story} for story in body.stories]
    return any(
        released_between(
            body.locksets[read.lockset],
            stories[read.story],
            body.locksets[write.lockset],
            stories[write.story],
        )
        for read, write in _updates(body.rows)
        if read.story != write.story
    )


def _is_free_between(before: Around | None, after: Around | None) -> bool:
    if before is None or after is None or before == after:
        return False
    released, acquired = before.released, after.acquired
    return released is not None and acquired is not None and released.time_ns <= acquired.time_ns


def _updates(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Yield each write with the last read before it in its transaction, as `write_order.updates_of` does."""
    last_read: dict[int, Row] = {}
    for row in rows:
        if row.access_type.reads:
            last_read[row.transaction] = row
        elif row.transaction in last_read:
            yield last_read[row.transaction], row
