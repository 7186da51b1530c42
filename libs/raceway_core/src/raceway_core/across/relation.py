"""Two relations between accesses of different traces: any, and that their transactions overlap.

`Overlap` is counted by sorted search, clock by clock and host by host. The third one, that a lock
was handed over, has a module of its own (`raceway_core.across.lock`).
"""

from __future__ import annotations

import numpy as np

from raceway_core.across.facts import Facts
from raceway_core.counting.interval_count import Flags, Integers, overlapping
from raceway_core.counting.reach import SAME_HOST_UNCERTAINTY_NS


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
        if facts.has_one_clock:
            seen: Flags = (starts[first] < ends[second]) & (starts[second] < ends[first])
            return seen
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
