"""The lanes that a new chain may go behind: those that its base knows to the end."""

from __future__ import annotations

from bisect import bisect_left

from raceway_core.clock_history import News
from raceway_core.graph.event_table import NONE
from raceway_core.graph.lane import Lanes
from raceway_core.graph.least import NOTHING, Least
from raceway_core.graph.segment import Segments
from raceway_core.identity import Process


class FreeLanes:
    """Finds lanes among the news of a chain. A lane that was found and went on is not looked at again."""

    def __init__(self, segments: Segments, lanes: Lanes, news: News) -> None:
        self._segments = segments
        self._lanes = lanes
        self._news = news
        self._read: dict[int, int] = {}
        self._found: dict[tuple[int, Process], tuple[list[int], Least]] = {}

    def first(self, segment: int, process: Process) -> int:
        """Return the first lane of a process that the news of a chain, up to a segment, know to the end.

        NOTHING if there is none. Time: O(log n), amortized.
        """
        chain = self._segments.chains[segment]
        self._read_on(chain, segment)
        found = self._found.get((chain, process))
        if found is None:
            return NOTHING
        entries, tree = found
        count = bisect_left(entries, self._news.ends[segment])
        while True:
            lane, place = tree.least(count)
            if lane == NOTHING or self._is_end(entries[place]):
                return lane
            tree.clear(place)

    def _read_on(self, chain: int, segment: int) -> None:
        first = self._read.get(chain)
        if first is None:
            first = self._first_of(segment)
        for step in range(first, segment + 1):
            for entry in range(self._news.begins[step], self._news.ends[step]):
                if self._is_end(entry):
                    lane = self._news.lanes[entry]
                    key = (chain, self._lanes.processes[lane])
                    entries, tree = self._found.setdefault(key, ([], Least()))
                    entries.append(entry)
                    tree.append(lane)
        self._read[chain] = max(first, segment + 1)

    def _first_of(self, segment: int) -> int:
        """Return the first segment of a segment's chain."""
        befores = self._segments.befores
        while befores[segment] != NONE:
            segment = befores[segment]
        return segment

    def _is_end(self, entry: int) -> bool:
        return self._lanes.lengths[self._news.lanes[entry]] == self._news.positions[entry]
