"""The clocks of a graph as news per chain, to look up (`raceway_core.clock_news` computes them).

What a segment knows of a lane is the last news of its chain up to there, else what its base knows. Each
lane that it knows of was first heard of at exactly one place on the way from its chain down the bases.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from raceway_core.graph.event_table import NONE

Integers: TypeAlias = npt.NDArray[np.int64]
Column: TypeAlias = "array[int]"


class News(NamedTuple):
    """Entries as they were noted: lane, position, and what was known of the lane before, 0 if nothing.

    By segment: its entries, from `begins` to before `ends`.
    """

    lanes: Column
    positions: Column
    befores: Column
    begins: Column
    ends: Column


class Bases(NamedTuple):
    """By segment: the segment that its clock rests on or NONE, and the lane and the position of that.

    `depths` is the number of bases below one another, `sizes` that of the lanes known.
    """

    of: Column
    lanes: Column
    positions: Column
    depths: Column
    sizes: Column


_MOST_WALKS = 16
"""Of so many chains it is remembered what they knew when somebody asked."""


class ClockHistory:
    """News of all chains. `chains` has the chain of each segment, ascending; there are `width` lanes.

    `lanes` and `positions` are by entry, chain after chain; those that a segment has of its own chain are
    from `begins` to before `ends`. `base_of`, `base_lane` and `base_position` are by segment, as in `Bases`.
    """

    def __init__(self, chains: Sequence[int], width: int, news: News, bases: Bases) -> None:
        self.sizes, self._bases, self._chains, self._width = bases.sizes, bases, chains, width
        self.base_of, self.base_lane, self.base_position, self._depths, self._sizes = map(_numbers, bases)
        self._chain_of: Integers = np.array(chains, dtype=np.int64)
        order, counts = _by_segment(news)
        self.lanes, self.positions, self._befores = (_numbers(column)[order] for column in news[:3])
        self.ends: Integers = np.cumsum(counts)
        self.begins: Integers = (self.ends - counts)[np.searchsorted(self._chain_of, self._chain_of)]
        self._firsts = np.flatnonzero(self._befores == 0)
        keys = np.repeat(self._chain_of, counts) * width + self.lanes
        self._index = _Index(keys, self.positions)
        self._walks: dict[int, _Walk] = {}
        self._begin_of, self._end_of = self.begins.data, self.ends.data

    def at(self, segment: int, lane: int) -> int:
        """Return what a segment knows of a lane, 0 if nothing. Time: O(log n) per base."""
        bases, index = self._bases, self._index
        while segment != NONE:
            if self._begin_of[segment] < (end := self._end_of[segment]):
                position = index.last(self._chains[segment] * self._width + lane, end)
                if position:
                    return position
            if bases.lanes[segment] == lane:
                return bases.positions[segment]
            segment = bases.of[segment]
        return 0

    def all_at(self, segments: Integers, lanes: Integers) -> Integers:
        """Return what `at` does of each of `segments` and the lane beside it."""
        found = np.zeros(len(segments), dtype=np.int64)
        asked = np.arange(len(segments))
        while len(asked):
            own = self._index.all_last(self._chain_of[segments] * self._width + lanes, self.ends[segments])
            is_base = (own == 0) & (self.base_lane[segments] == lanes)
            found[asked] = np.where(is_base, self.base_position[segments], own)
            bases = self.base_of[segments]
            is_open = (found[asked] == 0) & (bases != NONE)
            asked, segments, lanes = asked[is_open], bases[is_open], lanes[is_open]
        return found

    def leading(self, segment: int, most: int) -> list[tuple[int, int]]:
        """Return what a segment knows of the first lanes, at most so many, ascending."""
        if self._begin_of[segment] < self._end_of[segment]:
            walk = self._walked(segment)
            leading = walk.leading(most)
            self._walks[self._chains[segment]] = walk
            return leading
        bases = self._bases
        if bases.of[segment] == NONE:
            return []
        lane, known = bases.lanes[segment], self.leading(bases.of[segment], most)
        place = bisect_left(known, (lane,))
        is_new = place == len(known) or known[place][0] != lane
        return [*known[:place], (lane, bases.positions[segment]), *known[place + 1 - is_new :]][:most]

    def _walked(self, segment: int) -> _Walk:
        """Return what a segment knows. Who asks for several of a chain mostly does so in order.

        Whoever has a walk has it alone, until he puts it back.
        """
        chain, end = self._chains[segment], self._end_of[segment]
        walk = self._walks.pop(chain, None)
        if walk is None or not walk.end <= end <= walk.end + len(walk):
            if len(self._walks) >= _MOST_WALKS:
                self._walks.clear()
            _, lanes, positions = self.known(np.array([segment]))
            return _Walk(end, lanes.tolist(), positions.tolist())
        news = slice(walk.end, end)
        walk.go_on(end, self.lanes[news].tolist(), self.positions[news].tolist())
        return walk

    def known(self, segments: Integers) -> tuple[Integers, Integers, Integers]:
        """Return all that `segments` know: place of the segment, lane and position of each entry."""
        rows, lanes = [_NO_NUMBERS], [_NO_NUMBERS]
        row, at = np.arange(len(segments)), segments
        while len(row):
            first, last = (np.searchsorted(self._firsts, places[at]) for places in (self.begins, self.ends))
            counts, bases = last - first, self.base_of[at]
            inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - first, counts)
            is_base_new = self._sizes[at] - np.where(bases == NONE, 0, self._sizes[bases]) > counts
            rows += [np.repeat(row, counts), row[is_base_new]]
            lanes += [self.lanes[self._firsts[inside]], self.base_lane[at[is_base_new]]]
            row, at = row[bases != NONE], bases[bases != NONE]
        row, lane = np.concatenate(rows), np.concatenate(lanes)
        return row, lane, self.all_at(segments[row], lane)

    def sums(self, counts: Integers, begins: Integers) -> Integers:
        """Return by segment the sum of a count over the positions known.

        The count at a position p of a lane is `counts[begins[lane] + p]`; that at 0 is 0.
        """
        first = begins[self.lanes]
        weights = counts[first + self.positions] - counts[first + self._befores]
        running = np.concatenate(([0], np.cumsum(weights)))
        sums: Integers = running[self.ends] - running[self.begins]
        for depth in range(1, int(self._depths.max(initial=0)) + 1):
            resting = np.flatnonzero(self._depths == depth)
            bases, lanes = self.base_of[resting], self.base_lane[resting]
            more = counts[begins[lanes] + self.base_position[resting]]
            sums[resting] += sums[bases] + more - counts[begins[lanes] + self.all_at(bases, lanes)]
        return sums


class _Walk:
    """What a chain knows at one place of its news, by lane."""

    def __init__(self, end: int, lanes: list[int], positions: list[int]) -> None:
        self.end = end
        self._known = dict(zip(lanes, zip(lanes, positions, strict=True), strict=True))
        self._lanes = sorted(lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    def go_on(self, end: int, lanes: list[int], positions: list[int]) -> None:
        """Go on to the place `end`, past the news of these lanes."""
        self.end = end
        for entry in zip(lanes, positions, strict=True):
            if entry[0] not in self._known:
                insort(self._lanes, entry[0])
            self._known[entry[0]] = entry

    def leading(self, most: int) -> list[tuple[int, int]]:
        """Return the entries of the first lanes, at most so many, ascending."""
        return list(map(self._known.__getitem__, self._lanes[:most]))


class _Index:
    """Finds the last of the `positions` of a key, of which there are many entries each, before a place."""

    def __init__(self, keys: Integers, positions: Integers) -> None:
        self._keys, group = np.unique(keys, return_inverse=True)
        by_key = np.argsort(group, kind="stable")
        self._step = len(group) + 1
        self._places: Integers = group[by_key] * self._step + by_key
        self._positions: Integers = positions[by_key]
        # A number of a view is read without being made numpy's first.
        self._key, self._place = self._keys.data, self._places.data
        self._position = self._positions.data

    def last(self, key: int, end: int) -> int:
        """Return the position of the last entry of a key before the place `end`, 0 if there is none."""
        group = bisect_left(self._key, key)
        if group == len(self._key) or self._key[group] != key:
            return 0
        place = bisect_left(self._place, group * self._step + end) - 1
        return int(self._position[place]) if place >= 0 and self._place[place] >= group * self._step else 0

    def all_last(self, keys: Integers, ends: Integers) -> Integers:
        """Return what `last` does of each of `keys` and the end beside it."""
        if not len(self._keys):
            return np.zeros(len(keys), dtype=np.int64)
        group = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        place = np.searchsorted(self._places, group * self._step + ends) - 1
        is_there = (self._keys[group] == keys) & (place >= 0) & (self._places[place] >= group * self._step)
        return np.where(is_there, self._positions[place], 0)


_NO_NUMBERS: Integers = np.empty(0, dtype=np.int64)


def _numbers(column: Column) -> Integers:
    return np.frombuffer(column, dtype=np.int64) if column else _NO_NUMBERS


def _by_segment(news: News) -> tuple[Integers, Integers]:
    """Return the entries in the order of the segments, which is that of the chains, and how many each has."""
    begins, ends = _numbers(news.begins), _numbers(news.ends)
    counts = ends - begins
    noted = np.argsort(begins, kind="stable")
    return np.argsort(np.repeat(noted, counts[noted]), kind="stable"), counts
