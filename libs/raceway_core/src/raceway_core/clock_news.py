"""Clocks as news: of each segment only what its chain learns there and did not know before.

A task knows what the task that spawned it knew at the spawn: its clock rests on that one, its base. Where
it is awaited, the other one knows the base already, and learns what the task itself learned since:

    root    s1 ─ s2 ─ s3 ─── a1 ─ a2 ─ a3     news of a1: end of task 1, of a2: end of task 2, ...
             ╲    ╲    ╲    ╱    ╱    ╱
    tasks     1    2    3 ──┴────┴────┘       no news: they rest on root's first segment

So a thousand tasks that are awaited one after the other make a thousand entries and not half a million.
Who knows a position of a chain knows everything that the chain knew there; so of a cause only the news
since the position known of it are looked at.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from raceway_core.clock_filling import Filling, TooManyEntries
from raceway_core.clock_history import Bases, ClockHistory, Column, News
from raceway_core.clock_row import HistoryClock
from raceway_core.free_lane import FreeLanes
from raceway_core.graph.event_table import NONE
from raceway_core.graph.lane import Lanes
from raceway_core.graph.least import NOTHING
from raceway_core.graph.segment import Segments

MOST_BASES = 8
"""So many are below one another; a clock that would rest on more takes over what the nearer half knew."""

_PART = 16
"""Where more than one entry in so many is news, a matrix takes less memory."""

_FEW = 10_000
"""So many news are kept without asking whether a matrix takes less."""

_READS = 4
"""So many news may be looked at for each that may be kept."""

WIDE = 512
"""Clocks of more lanes are wide: what they know is listed, of others there is a matrix."""


class Room(NamedTuple):
    """For at most so many `news`; a matrix would have room for so many `lanes`.

    The wide clocks of those segments that are `listed`, one by one, may have `entries` together.
    """

    news: int
    lanes: int
    entries: int
    listed: Sequence[int]


class NewsFilling(Filling):
    """Notes the news of the segments."""

    def __init__(
        self,
        segments: Segments,
        lanes: Lanes,
        positions: Sequence[int],
        chain_nodes: Sequence[Sequence[int]],
        room: Room,
    ) -> None:
        super().__init__(segments, lanes, positions)
        count = len(segments.firsts)
        self.kept = len(positions)
        self._chain_nodes = chain_nodes
        self._room, self._reads, self._known = room, room.news * _READS, 0
        self._own = NONE
        self._news = News(array("q"), array("q"), array("q"), _column(0, count), _column(0, count))
        self._bases = Bases(*(_column(start, count) for start in (NONE, NONE, 0, 0, 0)))
        self._latest: dict[int, int] = {}
        self._older: dict[int, list[int]] = {}
        self._free = FreeLanes(segments, lanes, self._news)

    def fill(self, sequence: Sequence[int]) -> None:
        """Do what every filling does; raise too if the clocks that are listed have too many entries."""
        super().fill(sequence)
        sizes = [self._bases.sizes[segment] for segment in self._room.listed]
        if sum(size for size in sizes if size > WIDE) > self._room.entries:
            raise TooManyEntries

    def clocks(self) -> Sequence[HistoryClock]:
        """Return a view of the news for each segment."""
        history = ClockHistory(self._segments.chains, len(self.lanes.lengths), self._news, self._bases)
        return [HistoryClock(history, segment) for segment in range(len(self._segments.chains))]

    def _begin(self, segment: int, before: int) -> None:
        self._news.begins[segment], self._news.ends[segment] = len(self._news.lanes), sys.maxsize
        self._own = NONE
        if before != NONE:
            self._own = self.lanes.of_chain[self._segments.chains[segment]]
            for column in self._bases:
                column[segment] = column[before]

    def _learn(self, segment: int, cause: int, lane: int, position: int) -> None:
        if lane == self._own or (known := self._at(segment, lane)) >= position:
            return
        if not self._bases.sizes[segment]:
            self._rest(segment, cause, lane, position)
            known = self._at(segment, lane)
        if known < position:
            self._merge(segment, range(self._since(cause, known), cause + 1))
            self._note(segment, lane, position, self._at(segment, lane))

    def _since(self, cause: int, known: int) -> int:
        """Return the first segment of a cause's chain whose news somebody may not have.

        `known` is what he knows of its lane.
        """
        chain = self._segments.chains[cause]
        nodes, place = self._chain_nodes[chain], known - self.lanes.offsets[chain]
        of_node = self._segments.of_node
        return of_node[nodes[place - 1]] + 1 if place > 0 else of_node[nodes[0]]

    def _merge(self, segment: int, others: range) -> None:
        """Let a clock know the news of some segments of another chain."""
        news, told = self._news, dict[int, int]()
        for other in others:
            self._learn_base(segment, other)
            begin, end = news.begins[other], news.ends[other]
            self._reads -= end - begin + 1
            if begin < end:
                told.update(zip(news.lanes[begin:end], news.positions[begin:end], strict=True))
        for lane, position in told.items():
            if lane != self._own and (known := self._at(segment, lane)) < position:
                self._note(segment, lane, position, known)

    def _learn_base(self, segment: int, other: int) -> None:
        """Let a clock know the base of the chain of `other`, if that came to rest on it there."""
        bases, before = self._bases, self._segments.befores[other]
        if bases.of[other] != NONE and (before == NONE or bases.of[before] == NONE):
            self._learn(segment, bases.of[other], bases.lanes[other], bases.positions[other])

    def _rest(self, segment: int, cause: int, lane: int, position: int) -> None:
        """Rest a clock that knows nothing on that of `cause`, or on one further below."""
        bases = self._bases
        if bases.depths[cause] >= MOST_BASES:
            for _ in range(MOST_BASES // 2):
                cause, lane, position = bases.of[cause], bases.lanes[cause], bases.positions[cause]
        bases.of[segment], bases.lanes[segment], bases.positions[segment] = cause, lane, position
        bases.depths[segment] = bases.depths[cause] + 1
        bases.sizes[segment] = bases.sizes[cause] + (self._at(cause, lane) == 0)

    def _at(self, segment: int, lane: int) -> int:
        """Return what the clock of a segment knows of a lane so far."""
        bases, news, width = self._bases, self._news, len(self._chain_nodes)
        while segment != NONE:
            key, end = self._segments.chains[segment] * width + lane, news.ends[segment]
            entry = self._latest.get(key, NONE)
            if entry >= end:
                entry = self._last_before(key, end)
            if entry != NONE:
                return news.positions[entry]
            if bases.lanes[segment] == lane:
                return bases.positions[segment]
            segment = bases.of[segment]
        return 0

    def _last_before(self, key: int, end: int) -> int:
        entries = self._older.get(key, ())
        place = bisect_left(entries, end)
        return entries[place - 1] if place else NONE

    def _note(self, segment: int, lane: int, position: int, known: int) -> None:
        news, key = self._news, self._segments.chains[segment] * len(self._chain_nodes) + lane
        number = len(news.lanes)
        if (latest := self._latest.get(key)) is not None:
            self._older.setdefault(key, [latest]).append(number)
        self._latest[key] = number
        self._bases.sizes[segment] += not known
        news.lanes.append(lane)
        news.positions.append(position)
        news.befores.append(known)

    def _end(self, segment: int) -> None:
        count = self._news.ends[segment] = len(self._news.lanes)
        self._known += self._bases.sizes[segment]
        is_dense = count > _FEW + self._known // _PART and len(self.lanes.lengths) <= self._room.lanes // 2
        if count > self._room.news or self._reads < 0 or is_dense:
            raise TooManyEntries

    def _followed(self, segment: int) -> Iterable[int]:
        news, bases, lengths = self._news, self._bases, self.lanes.lengths
        process = self.lanes.process(self._segments.chains[segment])
        known = range(news.begins[segment], news.ends[segment])
        found = [news.lanes[entry] for entry in known if lengths[news.lanes[entry]] == news.positions[entry]]
        while bases.of[segment] != NONE:
            if lengths[bases.lanes[segment]] == bases.positions[segment]:
                found.append(bases.lanes[segment])
            segment = bases.of[segment]
            found.append(self._free.first(segment, process))
        return sorted(lane for lane in found if lane != NOTHING)


def _column(start: int, count: int) -> Column:
    return array("q", [start]) * count
