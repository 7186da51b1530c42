"""How many pairs of a trace's events are ordered, and how many are concurrent. Exact.

A pair is ordered if one of the two ended before the other began. The events behind another are
counted lane by lane: those that ended at or before the position that its clock has there. An event
inside another is ordered with neither its start nor its end and counts as concurrent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.clock_row import leading


def pair_counts(graph: CausalGraph, clocks: Clocks) -> tuple[int, int]:
    """Return the numbers of ordered and of concurrent pairs.

    Time: O(n + segments · lanes). Where the clocks are too wide, concurrent pairs are a lower bound.
    """
    count = len(graph.events)
    ended = _ended(clocks)
    behind: dict[int, int] = {}
    ordered = 0
    for event in range(count):
        lane, clock = clocks.lane[event], clocks.clock[event]
        itself = graph.starts[event] == graph.ends[event]
        ordered += ended[lane][clocks.begin[event]] - itself
        if lane >= clocks.kept:
            continue
        if id(clock) not in behind:
            behind[id(clock)] = _behind(clock, lane, ended)
        ordered += behind[id(clock)]
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


def _behind(clock: Mapping[int, int], own: int, ended: Sequence[Sequence[int]]) -> int:
    return sum(ended[lane][position] for lane, position in leading(clock, len(clock)) if lane != own)


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
