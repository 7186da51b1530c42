"""How many pairs of a trace's events are ordered, and how many are concurrent. Exact.

A pair is ordered if one of the two ended before the other began. The events behind another are
counted lane by lane: those that ended at or before the position that its clock has there. An event
inside another is ordered with neither its start nor its end and counts as concurrent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain

import numpy as np

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.clock_history import ClockHistory
from raceway_core.clock_row import HistoryClock, leading


def pair_counts(graph: CausalGraph, clocks: Clocks) -> tuple[int, int]:
    """Return the numbers of ordered and of concurrent pairs.

    Time: O(n + segments · lanes), O(n + news · log n) where clocks are kept as news. Where they are
    too wide, concurrent pairs are a lower bound.
    """
    count = len(graph.events)
    ended = _ended(clocks)
    behind = _Behind(ended)
    ordered = 0
    for event in range(count):
        lane, clock = clocks.lane[event], clocks.clock[event]
        itself = graph.starts[event] == graph.ends[event]
        ordered += ended[lane][clocks.begin[event]] - itself
        if lane >= clocks.kept:
            continue
        ordered += behind.count(clock, lane)
    if clocks.is_too_wide:
        ordered += _assumed(clocks)
    return ordered, count * (count - 1) // 2 - ordered


def _ended(clocks: Clocks) -> list[list[int]]:
    """Return for each lane and position how many events ended at or before it."""
    ends: list[list[int]] = [[] for _ in range(clocks.width)]
    for lane, position in zip(clocks.lane, clocks.position, strict=True):
        ends[lane].append(position)
    return [_running_count(sorted(positions)) for positions in ends]


def _running_count(positions: Sequence[int]) -> list[int]:
    counts = [0]
    for count, position in enumerate(positions):
        counts.extend([count] * (position - len(counts)))
        counts.append(count + 1)
    return counts


class _Behind:
    """Counts the events that clocks know of; `ended` has by lane and position how many ended by then."""

    def __init__(self, ended: Sequence[Sequence[int]]) -> None:
        self._ended = ended
        self._counts: dict[int, int] = {}
        self._sums: Sequence[int] | None = None

    def count(self, clock: Mapping[int, int], own: int) -> int:
        """Return how many events of lanes other than its own a clock knows of."""
        count = self._counts.get(id(clock))
        if count is None:
            count = self._counts[id(clock)] = self._counted(clock, own)
        return count

    def _counted(self, clock: Mapping[int, int], own: int) -> int:
        if isinstance(clock, HistoryClock):
            return self._summed(clock.history)[clock.segment] - self._ended[own][clock.get(own, 0)]
        known = leading(clock, len(clock))
        return sum(self._ended[lane][position] for lane, position in known if lane != own)

    def _summed(self, history: ClockHistory) -> Sequence[int]:
        """Return by segment how many events of all lanes it knows of."""
        if self._sums is None:
            counts = np.fromiter(chain.from_iterable(self._ended), np.int64)
            begins = np.array([0, *accumulate(map(len, self._ended))], dtype=np.int64)
            self._sums = history.sums(counts, begins).tolist()
        return self._sums


def _assumed(clocks: Clocks) -> int:
    """Count the pairs of different lanes that are taken as ordered because one of these was left out."""
    pairs, left_out = 0, 0
    on_lane: dict[int, int] = {}
    for before, lane in sorted(zip(clocks.rank, clocks.lane, strict=True)):
        if lane >= clocks.kept:
            pairs += before - on_lane.get(lane, 0)
            left_out += 1
        else:
            pairs += left_out
        on_lane[lane] = on_lane.get(lane, 0) + 1
    return pairs
