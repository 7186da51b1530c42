"""Runs: the writers of one key on one lane, in their order; and which runs a read has to look at.

What a read missed or chose over is, on each lane, what stands last or first in a part of a run. So it
is found by binary search, for many reads and runs at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raceway_core.isolation.lane import Flags, Lanes, Numbers

_AT_A_TIME = 200_000


class Runs:
    """All runs of a history. An *entry* is a writer of a key, those of a run one after another.

    `turn` tells of an entry up to which turn of its key its writer wrote.
    """

    def __init__(self, lanes: Lanes, keys: Numbers, writers: Numbers, turns: Numbers) -> None:
        order = np.lexsort((lanes.place[writers], lanes.lane[writers], keys))
        self.writer, self.turn, key = writers[order], turns[order], keys[order]
        self.lane, self.place = lanes.lane[self.writer], lanes.place[self.writer]
        begins = np.flatnonzero((np.diff(key, prepend=-1) != 0) | (np.diff(self.lane, prepend=-1) != 0))
        self.start, self.end = begins, np.append(begins[1:], len(order))
        self.run_key, self.run_lane = key[begins], self.lane[begins]
        self._step = int(lanes.sizes[0]) + 2 if len(lanes.sizes) else 2
        self._code = self.place + self._step * np.repeat(np.arange(len(begins)), self.end - self.start)

    def last_until(self, runs: Numbers, places: Numbers) -> tuple[Numbers, Flags]:
        """Return the last entry of each run up to a place of its lane, and whether there is one."""
        found = np.searchsorted(self._code, runs * self._step + places, side="right") - 1
        return found, found >= self.start[runs]

    def first_from(self, runs: Numbers, places: Numbers) -> tuple[Numbers, Flags]:
        """Return the first entry of each run from a place of its lane on, and whether there is one."""
        found = np.searchsorted(self._code, runs * self._step + places, side="left")
        return found, found < self.end[runs]

    def affordable(self, items: Numbers, keys: int, most: int) -> Flags:
        """Return of which keys the pairs of `items`, each given as its key, are `most` together.

        Those with the fewest are taken first. Time: O(n log n).
        """
        costs = np.bincount(items, minlength=keys) * np.bincount(self.run_key, minlength=keys)
        order = np.argsort(costs, kind="stable")
        within = np.zeros(keys, dtype=np.bool_)
        within[order] = np.cumsum(costs[order]) <= most
        return within

    def pairs(self, items: Numbers, runs: Numbers) -> Iterator[tuple[slice, Numbers, Numbers]]:
        """Yield each item, given as its key, with each of `runs` of that key, a part at a time.

        Yields:
            The part of the items, its pairs' items and their runs.
        """
        keys = self.run_key[runs]
        first = np.searchsorted(keys, items, side="left")
        counts = np.searchsorted(keys, items, side="right") - first
        ends = np.cumsum(counts)
        begin = 0
        while begin < len(items):
            done = int(ends[begin - 1]) if begin else 0
            end = max(begin + 1, int(np.searchsorted(ends, done + _AT_A_TIME, side="right")))
            part = counts[begin:end]
            item = np.repeat(np.arange(begin, end), part)
            within = np.arange(len(item)) - np.repeat(ends[begin:end] - part - done, part)
            yield slice(begin, end), item, runs[first[item] + within]
            begin = end
