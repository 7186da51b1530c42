"""Which transactions were seen to overlap, counted by sorted search, clock by clock and host by host.

Every access stands for its transaction's reach (`raceway_core.counting.reach`, which has the definition).
Clocks of different hosts are compared one by one with all that `raceway_core.counting.timebase` knows of.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

import numpy as np

from raceway_core.counting.interval_count import Flags, Integers, Intervals, overlapping_each
from raceway_core.counting.site import SAME_HOST_UNCERTAINTY_NS
from raceway_core.counting.timebase import FarSites


class ClockSite(Hashable, Protocol):
    """Whose clock it is: equal sites are one clock, and tell their host, empty if nobody knows it."""

    @property
    def host(self) -> str:
        """The host's name."""
        ...


class Timing:
    """The reaches of accesses as columns; an access has the reach whose number `reach_of` gives.

    Equal `clock` is one clock, equal `host` one host where `has_host`; `crowded_hosts` have several
    clocks. `far` compares hosts, and is None where nobody can.
    """

    def __init__(
        self, reaches: Intervals, sites: Sequence[ClockSite], reach_of: Integers, far: FarSites | None = None
    ) -> None:
        self.reach = reaches.of(reach_of)
        self.clock: Integers = numbered(sites)[reach_of]
        self.has_one_clock = not self.clock.any()
        self.host: Integers = numbered([site.host for site in sites])[reach_of]
        self.has_host: Flags = np.array([bool(site.host) for site in sites], dtype=np.bool_)[reach_of]
        clocks: dict[str, set[ClockSite]] = {}
        for site in sites:
            clocks.setdefault(site.host, set()).add(site)
        self.crowded_hosts = [number for number, found in enumerate(clocks.values()) if len(found) > 1]
        self.far = far.of(reach_of) if far else None


class Overlap:
    """Whether the transactions of two accesses, given by number, were seen to overlap."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing

    def between(self, first: Integers, second: Integers) -> int:
        """Return how many pairs of one of `first` with one of `second` overlap."""
        return int(self.each(first, second).sum())

    def each(self, first: Integers, second: Integers) -> Integers:
        """Return for each of `second` how many of `first` it overlaps."""
        counts = self._per_clock(first, second, np.arange(len(second)), 0)
        for mine, places in self._shared_hosts(first, second):
            counts[places] += self._overlapping(mine, second[places], SAME_HOST_UNCERTAINTY_NS)
            counts -= self._per_clock(mine, second, places, SAME_HOST_UNCERTAINTY_NS)
        return counts + self.each_across_hosts(first, second)

    def each_across_hosts(self, first: Integers, second: Integers) -> Integers:
        """Return for each of `second` how many of `first` it overlaps that are of another host.

        Time: O(k log k) for each clock among `second` that is compared with others.
        """
        counts = np.zeros(len(second), dtype=np.int64)
        far, reach = self._timing.far, self._timing.reach
        if far is None:
            return counts
        for clock, places in _split(far.clock, second, np.arange(len(second))).items():
            between = far.between_clocks(first, clock)
            known = between.is_known
            low, high = between.low_ns[known], between.high_ns[known]
            theirs = reach.of(second[places])
            counts[places] = overlapping_each(reach.of(first[known]), theirs, low, high)
        return counts

    def within(self, chosen: Integers) -> int:
        """Return how many unordered pairs of different ones of `chosen` overlap."""
        alone = int(np.count_nonzero(self.holds(chosen, chosen)))
        return (self.between(chosen, chosen) - alone) // 2

    def holds(self, first: Integers, second: Integers) -> Flags:
        """Tell for each i whether the pair (first[i], second[i]) overlaps."""
        timing = self._timing
        starts, ends = timing.reach
        if timing.has_one_clock:
            seen: Flags = (starts[first] < ends[second]) & (starts[second] < ends[first])
            return seen
        same_clock = timing.clock[first] == timing.clock[second]
        same_host = timing.has_host[first] & (timing.host[first] == timing.host[second])
        slack = np.where(same_clock, 0, SAME_HOST_UNCERTAINTY_NS)
        overlap = (starts[first] + slack < ends[second]) & (starts[second] + slack < ends[first])
        comparable: Flags = (same_clock | same_host) & overlap
        return comparable if timing.far is None else comparable | self._holds_far(timing.far, first, second)

    def _holds_far(self, far: FarSites, first: Integers, second: Integers) -> Flags:
        starts, ends = self._timing.reach
        low, high, is_known = far.between(first, second)
        flags: Flags = is_known & (starts[first] < ends[second] + low) & (starts[second] + high < ends[first])
        return flags

    def _shared_hosts(self, first: Integers, second: Integers) -> list[tuple[Integers, Integers]]:
        """Return by host with several clocks those of `first`, and the places in `second`, that are on it."""
        timing = self._timing
        mine, theirs = (np.where(timing.has_host[side], timing.host[side], -1) for side in (first, second))
        return [(first[mine == host], np.flatnonzero(theirs == host)) for host in timing.crowded_hosts]

    def _per_clock(self, first: Integers, second: Integers, places: Integers, slack: int) -> Integers:
        """Return for each of `second` how many of `first` it overlaps by its clock, 0 beside `places`."""
        clock = self._timing.clock
        counts = np.zeros(len(second), dtype=np.int64)
        mine, theirs = _split(clock, first, first), _split(clock, second[places], places)
        for key in mine.keys() & theirs.keys():
            counts[theirs[key]] = self._overlapping(mine[key], second[theirs[key]], slack)
        return counts

    def _overlapping(self, first: Integers, second: Integers, slack: int) -> Integers:
        reach = self._timing.reach
        return overlapping_each(reach.of(first), reach.of(second), -slack, slack)


class LaneOverlap:
    """Whether accesses of one lane, and of one clock, are of transactions that overlap."""

    def __init__(self, timing: Timing, lane: Integers) -> None:
        starts, ends = timing.reach
        times = np.unique(np.concatenate((starts, ends)))
        _, group = np.unique(np.stack((lane, timing.clock)), axis=1, return_inverse=True)
        # Lanes are told apart by times that none of them share: only the order of times counts.
        shift = group.reshape(-1) * (len(times) + 1)
        self._reach = Intervals(np.searchsorted(times, starts) + shift, np.searchsorted(times, ends) + shift)

    def each(self, first: Integers, second: Integers) -> Integers:
        """Return for each of `second` how many of `first` it overlaps."""
        return overlapping_each(self._reach.of(first), self._reach.of(second))


def numbered(items: Sequence[Hashable]) -> Integers:
    """Return a number for each item, the same for equal ones, in the order of their first."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(item, len(numbers)) for item in items], dtype=np.int64)


def _split(group: Integers, chosen: Integers, items: Integers) -> dict[int, Integers]:
    """Return by group those of `items` whose `chosen` is in it."""
    keys = group[chosen]
    found = np.unique(keys)
    if len(found) == 1:
        return {int(found[0]): items}
    order = np.argsort(keys, kind="stable")
    parts = np.split(items[order], np.searchsorted(keys[order], found[1:]))
    return dict(zip(found.tolist(), parts, strict=True)) if len(found) else {}
