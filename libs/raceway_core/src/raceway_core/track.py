"""Tracks: accesses of one variable laid out so that every relation is a run of neighbours.

All accesses on one lane of the causal order lie in program order, so what happens before a given
event is a prefix of each lane: one binary search. If moreover the transactions on it begin and end
one after the other, those that overlap a given stretch of time are a run of neighbours: two
searches. A lane on which transactions nest, or on which the wall clock was set back, is split into
several tracks on which they do not.

A *slot* is a place in the layout, track after track; a *window* is a range of slots in one track.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from raceway_core.access import Access
from raceway_core.clock import Clocks
from raceway_core.reach import Reach, Site, uncertainty_ns

Integers: TypeAlias = npt.NDArray[np.int64]

_UNKNOWN = -1


class Windows(NamedTuple):
    """For each of some slots, in its row, one window per track: from `begins` to before `ends`."""

    begins: Integers
    ends: Integers

    def of(self, rows: slice) -> Windows:
        """Return those of some of the slots."""
        return Windows(self.begins[rows], self.ends[rows])


class Tracks:
    """The layout. Track t has the slots from `begins[t]` to before `begins[t + 1]`.

    `access` gives the number of each slot's access, `lane` is by track, all else by slot.
    """

    def __init__(self, accesses: Sequence[Access], clocks: Clocks, reaches: Sequence[Reach]) -> None:
        by_lane: dict[int, list[int]] = {}
        for number, access in enumerate(accesses):
            by_lane.setdefault(clocks.lane[access.number], []).append(number)
        tracks = [(lane, track) for lane in by_lane for track in _split(by_lane[lane], reaches)]
        self.lane: Integers = np.array([lane for lane, _ in tracks], dtype=np.int64)
        self.begins: Integers = np.cumsum([0, *(len(track) for _, track in tracks)])
        self.access: Integers = np.array([number for _, track in tracks for number in track], dtype=np.int64)
        self._track: Integers = np.repeat(np.arange(len(tracks)), np.diff(self.begins))
        self._events = [accesses[number].number for number in self.access.tolist()]
        self._position: Integers = np.array(
            [clocks.position[event] for event in self._events], dtype=np.int64
        )
        self._read_reaches([reaches[number] for number in self.access.tolist()])

    def _read_reaches(self, reaches: Sequence[Reach]) -> None:
        distinct = {id(reach): reach for reach in reaches}
        number_of = {key: number for number, key in enumerate(distinct)}
        number: Integers = np.array([number_of[id(reach)] for reach in reaches], dtype=np.int64)
        sites: dict[Site, int] = {}
        columns = [
            (reach.start_ns, reach.end_ns, sites.setdefault(reach.site, len(sites)))
            for reach in distinct.values()
        ]
        self._start_ns, self._end_ns, self._site = np.array(columns, dtype=np.int64).T[:, number]
        self._slack_ns = _slacks(list(sites))
        self.can_overlap = bool((self._start_ns < self._end_ns).any())

    def before(self, slots: Integers, clocks: Clocks) -> Windows:
        """Return what happens before each of `slots`."""
        known = clocks.rows([self._events[slot] for slot in slots.tolist()], self.lane.tolist())
        begins, ends = np.broadcast_to(self.begins[:-1], known.shape), np.empty_like(known)
        for track, (begin, end) in enumerate(pairwise(self.begins.tolist())):
            ends[:, track] = begin + np.searchsorted(self._position[begin:end], known[:, track], side="right")
        ends[np.arange(len(slots)), self._track[slots]] = slots
        return Windows(begins, ends)

    def overlapping(self, slots: Integers) -> Windows:
        """Return what belongs to transactions that overlap those of `slots`, on other lanes."""
        shape = (len(slots), len(self.lane))
        begins, ends = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
        starts_ns, ends_ns = self._start_ns[slots], self._end_ns[slots]
        for track, (begin, end) in enumerate(pairwise(self.begins.tolist())):
            slack_ns = self._slack_ns[self._site[slots], self._site[begin]]
            begins[:, track] = np.searchsorted(self._end_ns[begin:end], starts_ns + slack_ns, side="right")
            ends[:, track] = np.searchsorted(self._start_ns[begin:end], ends_ns - slack_ns, side="left")
            is_apart = (slack_ns == _UNKNOWN) | (self.lane[self._track[slots]] == self.lane[track])
            ends[is_apart, track] = 0
        begins += self.begins[:-1]
        return Windows(begins, np.maximum(begins, ends + self.begins[:-1]))


def _slacks(sites: Sequence[Site]) -> Integers:
    slacks = [[uncertainty_ns(first, second) for second in sites] for first in sites]
    return np.array(
        [[_UNKNOWN if slack is None else slack for slack in row] for row in slacks], dtype=np.int64
    )


def _split(lane: Sequence[int], reaches: Sequence[Reach]) -> Iterable[list[int]]:
    """Split a lane's accesses, in program order, into the fewest tracks that first fit finds."""
    tracks: list[list[int]] = []
    for number in lane:
        reach = reaches[number]
        for track in tracks:
            if _may_follow(reaches[track[-1]], reach):
                track.append(number)
                break
        else:
            tracks.append([number])
    return tracks


def _may_follow(last: Reach, reach: Reach) -> bool:
    return last is reach or (
        last.start_ns <= reach.start_ns and last.end_ns <= reach.end_ns and last.site == reach.site
    )
