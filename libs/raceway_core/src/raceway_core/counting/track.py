"""Tracks: accesses of one variable laid out so that every relation is a run of neighbours.

All accesses on one lane of the causal order lie in program order, so what happens before a given
event is a prefix of each lane: one binary search. If moreover the transactions on it begin and end
one after the other, those that overlap a given stretch of time are a run of neighbours: two
searches. A lane on which transactions nest, or on which the wall clock was set back, is split into
several tracks on which they do not.

A *slot* is a place in the layout, track after track; a *window* is a range of slots in one track.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from raceway_core.access import Access
from raceway_core.clock import Clocks
from raceway_core.counting.interval_count import Flags, Integers, Intervals
from raceway_core.counting.overlap import LaneOverlap, Overlap, Timing
from raceway_core.counting.reach import Reach
from raceway_core.counting.site import Site, uncertainty_ns
from raceway_core.counting.timebase import BoundColumns, Timebase

_UNKNOWN = -1


MOST_TRACKS = 512
"""Of more tracks most windows are empty, and only the others are held."""


class Windows(NamedTuple):
    """Windows of some slots: from `begins` to before `ends`.

    Either a matrix, which has in the row of each slot one window per track, and where all begin alike one
    row of begins for all; or, with `rows`, a list of those that are not empty: `rows` are the places of
    their slots, ascending.
    """

    begins: Integers
    ends: Integers
    rows: Integers | None = None

    def of(self, rows: slice) -> Windows:
        """Return those of some of the slots."""
        if self.rows is None:
            begins = self.begins if len(self.begins) == 1 else self.begins[rows]
            return Windows(begins, self.ends[rows])
        first, last = np.searchsorted(self.rows, (rows.start, rows.stop))
        chosen = slice(int(first), int(last))
        return Windows(self.begins[chosen], self.ends[chosen], self.rows[chosen] - rows.start)

    def counted(self, before: Integers, size: int) -> Integers:
        """Return of each of `size` slots how many of something lie in its windows.

        `before` has for each slot, and one more, how many there are before it.
        """
        inside = before[self.ends] - before[self.begins]
        if self.rows is None:
            return np.asarray(inside.sum(axis=1))
        return np.bincount(self.rows, weights=inside, minlength=size).astype(np.int64)


class Tracks:
    """The layout. Track t has the slots from `begins[t]` to before `begins[t + 1]`.

    `access` gives the number of each slot's access, `lane` is by track. Of a layout that `is_wide`,
    which has more than `most_tracks`, windows are lists.
    """

    def __init__(
        self,
        accesses: Sequence[Access],
        clocks: Clocks,
        reaches: Sequence[Reach],
        timebase: Timebase | None = None,
        most_tracks: int = MOST_TRACKS,
    ) -> None:
        self._reaches = _Columns(reaches, timebase)
        events = [access.number for access in accesses]
        lanes = _array(map(clocks.lane.__getitem__, events))
        by_lane = np.argsort(lanes, kind="stable")
        cuts = np.flatnonzero(np.diff(lanes[by_lane])) + 1
        tracks = [track for members in np.split(by_lane, cuts) for track in self._reaches.split(members)]
        self.access: Integers = np.concatenate(tracks)
        self.begins: Integers = np.cumsum([0, *map(len, tracks)])
        self.lane: Integers = lanes[self.access[self.begins[:-1]]]
        self.can_overlap = self._reaches.can_overlap
        self.is_wide = len(self.lane) > most_tracks
        self._track: Integers = np.repeat(np.arange(len(tracks)), np.diff(self.begins))
        self._event: Integers = np.array(events, dtype=np.int64)[self.access]
        self._position: Integers = _array(map(clocks.position.__getitem__, self._event.tolist()))
        self._reach: Integers = self._reaches.of_access[self.access]

    def known(self, lanes: int) -> Flags:
        """Tell of each slot whether its lane is among the first so many."""
        flags: Flags = (self.lane < lanes)[self._track]
        return flags

    def parts(self, slots: Integers, clocks: Clocks, most: int) -> Iterator[Integers]:
        """Yield `slots` in parts that have about `most` windows each; none where there are no slots."""
        if self.is_wide:
            sizes = [len(clocks.clock[event]) + 1 for event in self._event[slots].tolist()]
        else:
            sizes = [len(self.lane)] * len(slots)
        part_of = (np.cumsum(sizes) - 1) // most
        cuts = np.flatnonzero(np.diff(part_of)) + 1
        yield from (part for part in np.split(slots, cuts) if len(part))

    def before(self, slots: Integers, clocks: Clocks) -> Windows:
        """Return what happens before each of `slots`."""
        if self.is_wide:
            return self._listed_before(slots, clocks)
        events = self._event[slots].tolist()
        known, row_of = clocks.rows(events, self.lane.tolist())
        counted = np.empty_like(known)
        for track, (begin, end) in enumerate(pairwise(self.begins.tolist())):
            counted[:, track] = begin + _count_up_to(self._position[begin:end], known[:, track])
        ends = counted[row_of]
        self._know_own_lane(ends, slots, _array(map(clocks.begin.__getitem__, events)))
        ends[np.arange(len(slots)), self._track[slots]] = slots
        return Windows(self.begins[np.newaxis, :-1], ends)

    def _know_own_lane(self, ends: Integers, slots: Integers, begin: Integers) -> None:
        """Fill in what slots know of the other tracks of their lanes: what ended before they began."""
        lane = self.lane[self._track[slots]]
        for track in np.flatnonzero(np.bincount(self.lane)[self.lane] > 1).tolist():
            rows = np.flatnonzero(lane == self.lane[track])
            first, last = self.begins[track], self.begins[track + 1]
            ends[rows, track] = first + _count_up_to(self._position[first:last], begin[rows])

    def _listed_before(self, slots: Integers, clocks: Clocks) -> Windows:
        """Do what `before` does, for what the clocks know of. Time: O(entries of the clocks · log k)."""
        rows, lanes, positions = clocks.entries(self._event[slots].tolist())
        first, last = (np.searchsorted(self.lane, lanes, side=side) for side in ("left", "right"))
        counts = last - first
        entry = np.repeat(np.arange(len(rows)), counts)
        tracks = first[entry] + np.arange(len(entry)) - np.repeat(np.cumsum(counts) - counts, counts)
        ends = self._count_in(tracks, positions[entry])
        is_own = tracks == self._track[slots[rows[entry]]]
        ends = np.where(is_own, slots[rows[entry]], ends)
        begins = self.begins[tracks]
        kept = ends > begins
        return Windows(begins[kept], ends[kept], rows[entry][kept])

    def _count_in(self, tracks: Integers, limits: Integers) -> Integers:
        """Return the slot behind those of each track whose positions do not exceed the limit."""
        beyond = int(self._position.max()) + 1
        keys = self._track * beyond + self._position
        ends: Integers = np.searchsorted(keys, tracks * beyond + np.minimum(limits, beyond - 1), side="right")
        return ends

    def overlapping(self, slots: Integers) -> Windows:
        """Return what belongs to transactions that overlap those of `slots`, on other lanes.

        A transaction is on one lane.
        """
        distinct, first, row_of = np.unique(self._reach[slots], return_index=True, return_inverse=True)
        shape = (len(distinct), len(self.lane))
        begins, ends = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
        for track, (begin, end) in enumerate(pairwise(self.begins.tolist())):
            window = self._reaches.overlapping(distinct, self._reach[begin:end])
            begins[:, track], ends[:, track] = begin + window.begins, begin + window.ends
        is_own = self.lane[self._track[slots[first]]][:, np.newaxis] == self.lane
        np.copyto(ends, begins, where=is_own)
        return Windows(begins[row_of], ends[row_of])

    def overlapping_part(self, slots: Integers, windows: Windows) -> Windows:
        """Return what of listed windows of `slots` overlaps them, on other lanes."""
        if windows.rows is None:
            raise TypeError("of a matrix of windows the overlapping ones are a matrix too")
        mine, track = slots[windows.rows], self._track[windows.begins]
        begins, ends = self.begins[track], self.begins[track + 1]
        begins, ends = self._reaches.overlapping_between(self._reach[mine], self._reach, begins, ends)
        is_other = self.lane[self._track[mine]] != self.lane[track]
        begins, ends = np.maximum(begins, windows.begins), np.minimum(ends, windows.ends)
        kept = is_other & (ends > begins)
        return Windows(begins[kept], ends[kept], windows.rows[kept])

    def overlaps_on_other_lanes(self, first: Integers, second: Integers) -> Integers:
        """Return for each of `second` how many of `first` it overlaps that are on other lanes."""
        found = self._overlap.each(first, second) - self._on_lane.each(first, second)
        lane = self.lane[self._track]
        for mixed in self._mixed_lanes:
            places = np.flatnonzero(lane[second] == mixed)
            mine = first[lane[first] == mixed]
            found[places] -= self._overlap.each_across_hosts(mine, second[places])
        return found

    @cached_property
    def _mixed_lanes(self) -> Sequence[int]:
        """Return the lanes on which hosts follow one another that are compared."""
        if not self._reaches.has_far:
            return ()
        host = self._reaches.host[self._reach[self.begins[:-1]]]
        pairs = np.unique(np.stack((self.lane, host)), axis=1)
        return np.flatnonzero(np.bincount(pairs[0]) > 1).tolist()

    @cached_property
    def _overlap(self) -> Overlap:
        return Overlap(self._reaches.timing(self._reach))

    @cached_property
    def _on_lane(self) -> LaneOverlap:
        timing = self._reaches.timing(self._reach)
        return LaneOverlap(timing, self.lane[self._track])


class _Columns:
    """The different reaches of some accesses as columns; `of_access` tells whose is which.

    `host` numbers the hosts; `has_far` tells whether clocks of different ones are compared.
    """

    def __init__(self, reaches: Sequence[Reach], timebase: Timebase | None) -> None:
        distinct = {id(reach): reach for reach in reaches}
        number_of = {key: number for number, key in enumerate(distinct)}
        sites: dict[Site, int] = {}
        hosts: dict[str, int] = {}
        rows = [
            (
                reach.start_ns,
                reach.end_ns,
                sites.setdefault(reach.site, len(sites)),
                hosts.setdefault(reach.site.host, len(hosts)),
            )
            for reach in distinct.values()
        ]
        self.of_access: Integers = _array(map(number_of.__getitem__, map(id, reaches)))
        self._start_ns, self._end_ns, self._site, self.host = np.array(rows, dtype=np.int64).T
        self._near_ns: Integers = _array(map(_near_ns, sites))
        self._sites = [reach.site for reach in distinct.values()]
        self._far = timebase.of(self._sites) if timebase and len(hosts) > 1 else None
        self.has_far = self._far is not None
        self.can_overlap = bool((self._start_ns < self._end_ns).any())

    def overlapping(self, reaches: Integers, track: Integers) -> Windows:
        """Return which part of `track`, reaches of one site in order, each of `reaches` overlaps."""
        low_ns, high_ns, is_known = self._between(reaches, int(track[0]))
        begins = np.searchsorted(self._end_ns[track], self._start_ns[reaches] - low_ns, side="right")
        ends = np.searchsorted(self._start_ns[track], self._end_ns[reaches] - high_ns, side="left")
        ends[~is_known] = 0
        return Windows(begins, np.maximum(begins, ends))

    def overlapping_between(
        self, reaches: Integers, others: Integers, begins: Integers, ends: Integers
    ) -> tuple[Integers, Integers]:
        """Return which part of each stretch of `others` each of `reaches` overlaps.

        A stretch has reaches of one site in order. Time: O(k log n), k `reaches`, n `others`.
        """
        low_ns, high_ns, is_known = self._between(reaches, others[begins])
        ended_by, begun_by = self._start_ns[reaches] - low_ns, self._end_ns[reaches] - high_ns
        other_ends, other_starts = self._end_ns[others], self._start_ns[others]
        first = bisect(lambda place: other_ends[place] > ended_by, begins, ends)
        last = bisect(lambda place: other_starts[place] >= begun_by, begins, ends)
        return first, np.where(is_known, last, first)

    def timing(self, reach_of: Integers) -> Timing:
        """Return the reaches of some accesses for the counting of overlaps."""
        return Timing(Intervals(self._start_ns, self._end_ns), self._sites, reach_of, self._far)

    def _between(self, reaches: Integers, other: int | Integers) -> BoundColumns:
        """Return what to add to the stamps of one, or of one each, to have the times of `reaches`."""
        near_ns = self._near_ns[self._site[other]]
        on_host = np.where(self.host[reaches] == self.host[other], near_ns, _UNKNOWN)
        slack_ns = np.where(self._site[reaches] == self._site[other], 0, on_host)
        is_near = slack_ns != _UNKNOWN
        if self._far is None:
            return BoundColumns(-slack_ns, slack_ns, is_near)
        low_ns, high_ns, is_known = self._far.between(reaches, other)
        return BoundColumns(
            np.where(is_near, -slack_ns, low_ns), np.where(is_near, slack_ns, high_ns), is_near | is_known
        )

    def split(self, members: Integers) -> list[Integers]:
        """Split a lane's accesses, in program order, into tracks: as few as first fit finds."""
        reach = self.of_access[members]
        if self._may_follow(reach[:-1], reach[1:]).all():
            return [members]
        tracks: list[list[int]] = []
        for place, number in enumerate(reach):
            for track in tracks:
                if self._may_follow(reach[track[-1]], number):
                    track.append(place)
                    break
            else:
                tracks.append([place])
        return [members[track] for track in tracks]

    def _may_follow(self, before: Integers, after: Integers) -> Flags:
        begins_later = self._start_ns[before] <= self._start_ns[after]
        ends_later = self._end_ns[before] <= self._end_ns[after]
        is_one_clock = self._site[before] == self._site[after]
        flags: Flags = begins_later & ends_later & is_one_clock
        return flags


def _count_up_to(positions: Integers, limits: Integers) -> Integers:
    """Return how many of the sorted `positions` do not exceed each of `limits`."""
    last = int(positions[-1])
    if last > len(limits):
        return np.searchsorted(positions, limits, side="right")
    counts: Integers = np.cumsum(np.bincount(positions))
    return counts[np.minimum(limits, last)]


def bisect(is_behind: Callable[[Integers], Flags], begins: Integers, ends: Integers) -> Integers:
    """Return for each i the first place from `begins[i]` on that is behind, `ends[i]` if none is.

    `is_behind` tells it of one place for each i; between the two it is false, then true.
    """
    low, high = begins.copy(), ends.copy()
    while (is_open := low < high).any():
        middle = (low + high) // 2
        behind = is_behind(np.where(is_open, middle, begins))
        high = np.where(is_open & behind, middle, high)
        low = np.where(is_open & ~behind, middle + 1, low)
    return low


def _array(numbers: Iterable[int]) -> Integers:
    return np.fromiter(numbers, np.int64)


def _near_ns(site: Site) -> int:
    """Return how far a site's clock may disagree with those of other processes on its host."""
    other = site.process._replace(process_id=site.process.process_id + 1)
    slack_ns = uncertainty_ns(site, Site(other, site.host))
    return _UNKNOWN if slack_ns is None else slack_ns
