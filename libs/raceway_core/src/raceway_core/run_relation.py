"""What two accesses of different traces can have in common: time, and locks handed over.

`Overlap` is counted by sorted search, clock by clock and host by host. `HandOver` is decided pair
by pair in blocks of a matrix, because several locks may order one pair; only accesses around which
some lock of several traces changed hands are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from raceway_core.handover import Around, LockStory, Stamp
from raceway_core.interval_count import Flags, Integers, overlapping
from raceway_core.lockset import LockKey
from raceway_core.reach import SAME_HOST_UNCERTAINTY_NS
from raceway_core.run_accesses import RunAccesses
from raceway_core.run_facts import Facts, Relation
from raceway_core.run_search import BLOCK


class Everything:
    """The relation that all pairs have."""

    def between(self, first: Integers, second: Integers) -> int:
        return len(first) * len(second)

    def within(self, chosen: Integers) -> int:
        return len(chosen) * (len(chosen) - 1) // 2

    def holds(self, first: Integers, second: Integers) -> Flags:
        return np.ones(np.broadcast(first, second).shape, dtype=np.bool_)


class Overlap:
    """Whether the transactions of two accesses were seen to overlap (`reach.is_overlap`)."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def between(self, first: Integers, second: Integers) -> int:
        count = self._per_group(self._facts.clock, first, second, 0)
        for mine, theirs in self._shared_hosts(first, second):
            count += self._overlapping(mine, theirs, SAME_HOST_UNCERTAINTY_NS)
            count -= self._per_group(self._facts.clock, mine, theirs, SAME_HOST_UNCERTAINTY_NS)
        return count

    def within(self, chosen: Integers) -> int:
        alone = int(np.count_nonzero(self.holds(chosen, chosen)))
        return (self.between(chosen, chosen) - alone) // 2

    def holds(self, first: Integers, second: Integers) -> Flags:
        facts = self._facts
        starts, ends = facts.reach
        same_clock = facts.clock[first] == facts.clock[second]
        same_host = facts.has_host[first] & (facts.host[first] == facts.host[second])
        slack = np.where(same_clock, 0, SAME_HOST_UNCERTAINTY_NS)
        overlap = (starts[first] + slack < ends[second]) & (starts[second] + slack < ends[first])
        comparable: Flags = (same_clock | same_host) & overlap
        return comparable

    def _shared_hosts(self, first: Integers, second: Integers) -> list[tuple[Integers, Integers]]:
        facts = self._facts
        mine, theirs = first[facts.has_host[first]], second[facts.has_host[second]]
        return [
            (mine[facts.host[mine] == host], theirs[facts.host[theirs] == host])
            for host in facts.crowded_hosts
        ]

    def _per_group(self, group: Integers, first: Integers, second: Integers, slack: int) -> int:
        mine, theirs = _split(group, first), _split(group, second)
        shared = mine.keys() & theirs.keys()
        return sum(self._overlapping(mine[key], theirs[key], slack) for key in shared)

    def _overlapping(self, first: Integers, second: Integers, slack: int) -> int:
        reach = self._facts.reach
        return overlapping(reach.of(first), reach.of(second), slack)


def _split(group: Integers, chosen: Integers) -> dict[int, Integers]:
    keys = group[chosen]
    found = np.unique(keys)
    if len(found) == 1:
        return {int(found[0]): chosen}
    return {int(key): chosen[keys == key] for key in found}


class _Stamps(NamedTuple):
    """When each access's chain acquired or released one lock; where `known` is false, never."""

    known: Flags
    has_grant: Flags
    grants: Integers
    times: Integers


class _LockStamps(NamedTuple):
    """`Around`, for all accesses of a run."""

    acquired: _Stamps
    acquired_alone: _Stamps
    released: _Stamps
    released_alone: _Stamps


class HandOver:
    """Whether a lock was handed over from one access to the other, either way (`handover`).

    With `also` only pairs count that have that relation too.
    """

    def __init__(self, locks: Sequence[_LockStamps], facts: Facts, also: Relation | None = None) -> None:
        self._locks = locks
        self._facts = facts
        self._also = also

    def with_also(self, also: Relation) -> HandOver:
        """Return the pairs that have `also` too."""
        return HandOver(self._locks, self._facts, also)

    def between(self, first: Integers, second: Integers) -> int:
        mine, theirs = self._touched(first), self._touched(second)
        if not len(mine) or not len(theirs):
            return 0
        rows = max(1, BLOCK // len(theirs))
        return sum(
            int(np.count_nonzero(self.holds(mine[begin : begin + rows, np.newaxis], theirs[np.newaxis, :])))
            for begin in range(0, len(mine), rows)
        )

    def within(self, chosen: Integers) -> int:
        # An access is never handed over to itself: its release comes after its acquire.
        return self.between(chosen, chosen) // 2

    def holds(self, first: Integers, second: Integers) -> Flags:
        found: Flags = np.zeros(np.broadcast(first, second).shape, dtype=np.bool_)
        processes = self._facts.process
        one_process = (processes[first] == processes[second]) & (processes[first] >= 0)
        for lock in self._locks:
            for before, after in ((first, second), (second, first)):
                found |= _is_before(lock.released, lock.acquired_alone, before, after, one_process)
                found |= _is_before(lock.released_alone, lock.acquired, before, after, one_process)
        return found if self._also is None else found & self._also.holds(first, second)

    def _touched(self, chosen: Integers) -> Integers:
        touched: Flags = np.zeros(len(chosen), dtype=np.bool_)
        for lock in self._locks:
            touched |= lock.acquired.known[chosen] | lock.released.known[chosen]
        return chosen[touched]


def hand_over_in(run: RunAccesses, facts: Facts) -> HandOver:
    """Return the hand-overs of the locks that more than one trace of the run touched."""
    stories = [run.story(access) for access in run.accesses]
    touched: dict[LockKey, set[str]] = {}
    for access, story in zip(run.accesses, stories, strict=True):
        for lock in story:
            touched.setdefault(lock, set()).add(access.trace_id)
    shared = sorted(lock for lock, traces in touched.items() if len(traces) > 1)
    return HandOver([_stamps_of(lock, stories) for lock in shared], facts)


def _stamps_of(lock: LockKey, stories: Sequence[LockStory]) -> _LockStamps:
    around = [story.get(lock, Around()) for story in stories]
    return _LockStamps(*(_arrays(stamps) for stamps in zip(*around, strict=True)))


def _arrays(stamps: Sequence[Stamp | None]) -> _Stamps:
    grants = [-1 if stamp is None or stamp.grant is None else stamp.grant for stamp in stamps]
    return _Stamps(
        known=np.array([stamp is not None for stamp in stamps], dtype=np.bool_),
        has_grant=np.array([grant >= 0 for grant in grants], dtype=np.bool_),
        grants=np.array(grants, dtype=np.int64),
        times=np.array([0 if stamp is None else stamp.time_ns for stamp in stamps], dtype=np.int64),
    )


def _is_before(
    released: _Stamps, acquired: _Stamps, first: Integers, second: Integers, one_process: Flags
) -> Flags:
    by_grant = released.has_grant[first] & acquired.has_grant[second]
    ordered = np.where(
        by_grant,
        released.grants[first] < acquired.grants[second],
        one_process & (released.times[first] < acquired.times[second]),
    )
    known: Flags = released.known[first] & acquired.known[second]
    return known & ordered
