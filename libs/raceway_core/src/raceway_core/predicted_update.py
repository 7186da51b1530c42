"""Predicted lost updates: a lock that is released between a read and the write that rests on it.

Every access is under the lock, so nothing races; but another transaction's write may come between the
two, and is lost if it does. This needs no values and no bad luck: it is predicted from one trace in
which the two may never have met.

An update (a write and the last read before it in its transaction) may lose another transaction's write
iff

    the write is guarded against both the read and the write of the update,
    each lock that all three hold is known to have been released between the read and the write, and
    causes allow it: the write is not before the read, and the update's write is not before it.

Source: Lucia et al. 2008 (atomicity violations); Flanagan & Freund 2004, Atomizer (reduction).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice, takewhile
from typing import NamedTuple

from raceway_core.access import Access, TransactionKey, transaction_key
from raceway_core.grouping import Scene
from raceway_core.lockset import Hold, LockKey, is_guarded
from raceway_core.write_order import Update, updates_of

MOST_CONSIDERED = 500
"""Updates and writes of one variable; of more the counts are lower bounds."""


class Holds:
    """Tells what was held from one access to another. `rank` places events in a linear extension of C."""

    def __init__(self, holds: Sequence[Hold], rank: Sequence[int], chain_of: Sequence[int]) -> None:
        self._holds = holds
        self._rank = rank
        self._chain_of = chain_of

    @cached_property
    def _spans(self) -> Mapping[tuple[int, LockKey], list[tuple[int, int | None]]]:
        """From where to where each lock was held on each chain, in order."""
        spans: dict[tuple[int, LockKey], list[tuple[int, int | None]]] = {}
        for hold in self._holds:
            key = (self._chain_of[hold.acquire], (hold.lock.name, hold.lock.scope_key))
            end = None if hold.release is None else self._rank[hold.release]
            spans.setdefault(key, []).append((self._rank[hold.acquire], end))
        for of_one in spans.values():
            of_one.sort(key=lambda span: span[0])
        return spans

    def is_released(self, lock: LockKey, read: Access, write: Access) -> bool:
        """Whether a lock was given back after the read and before the write.

        That of the hold around the read may not have been recorded, but that of a later one.
        Time: O(log holds), and the holds in between.
        """
        begin, until = self._rank[read.number], self._rank[write.number]
        spans = self._spans.get((self._chain_of[read.number], lock), [])
        place = bisect_right(spans, begin, key=lambda span: span[0]) - 1
        if place < 0:
            return False
        in_between = takewhile(lambda span: span[0] < until, islice(spans, place, None))
        return any(end is not None and begin <= end < until for _, end in in_between)


class Predicted(NamedTuple):
    """`update` may lose `write`."""

    update: Update
    write: Access


class Prediction(NamedTuple):
    """The predicted losses of one variable. `is_cut`: there may be more."""

    found: Sequence[Predicted]
    is_cut: bool


def predicted_updates(
    accesses: Sequence[Access],
    holds: Holds,
    scene: Scene,
    proven: Collection[tuple[TransactionKey, TransactionKey]],
) -> Prediction:
    """Return a predicted loss of each two transactions of one variable that are not in `proven`.

    `accesses` are of committed transactions, in a linear extension of C.

    Time: O(k), and updates with a released lock times writes, `MOST_CONSIDERED` of each.
    """
    updates = [update for update in updates_of(accesses) if _is_split(update, holds)]
    if not updates:
        return Prediction((), is_cut=False)
    writes = [one for one in accesses if one.access_type.writes and one.lockset]
    found = _losses(updates[:MOST_CONSIDERED], writes[:MOST_CONSIDERED], holds, scene, proven)
    return Prediction(list(found), is_cut=max(len(updates), len(writes)) > MOST_CONSIDERED)


def _losses(
    updates: Iterable[Update],
    writes: Sequence[Access],
    holds: Holds,
    scene: Scene,
    proven: Collection[tuple[TransactionKey, TransactionKey]],
) -> Iterator[Predicted]:
    seen = set(proven)
    for update in updates:
        for write in writes:
            mine, theirs = transaction_key(update.write), transaction_key(write)
            pair = (mine, theirs) if mine < theirs else (theirs, mine)
            if mine != theirs and pair not in seen and _may_lose(update, write, holds, scene):
                seen.add(pair)
                yield Predicted(update, write)


def _is_split(update: Update, holds: Holds) -> bool:
    common = locks_in(update.read) & locks_in(update.write)
    return any(holds.is_released(lock, update.read, update.write) for lock in common)


def locks_in(access: Access) -> set[LockKey]:
    """Return the locks held at an access, however."""
    return {(lock.name, lock.scope_key) for lock in access.lockset}


def _may_lose(update: Update, write: Access, holds: Holds, scene: Scene) -> bool:
    read, own = update
    if not (is_guarded(read.lockset, write.lockset) and is_guarded(own.lockset, write.lockset)):
        return False
    common = locks_in(read) & locks_in(own) & locks_in(write)
    if not common or not all(holds.is_released(lock, read, own) for lock in common):
        return False
    return not scene.precedes(write, read) and not scene.precedes(own, write)
