"""The clocks of a graph, one per segment: what a stretch of a chain knows of the other lanes.

Only a node with an edge from another chain learns anything, so a clock begins at each such node and
holds until the next. A clock has the lanes that it knows of; its own lane is known from the position.
One pass in the order of a linear extension computes them and puts chains onto lanes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.graph.edge import Edge
from raceway_core.graph.event_table import NONE
from raceway_core.graph.lane import Lanes
from raceway_core.graph.segment import Segments, segments_of


class Limits(NamedTuple):
    """What bounds the memory of the clocks of a graph.

    Where they would have more than `entries` together (some 250 MB), only what they know of the first
    `lanes` is kept.
    """

    entries: int = 3_000_000
    lanes: int = 256


LIMITS = Limits()

Clock = dict[int, int]
"""By lane the greatest position known."""


class ClockTable(NamedTuple):
    """`clocks` are by segment, `position_of` by node; of the lanes the first `kept` are in them."""

    segments: Segments
    lanes: Lanes
    clocks: Sequence[Clock]
    position_of: Sequence[int]
    kept: int


class _TooManyEntries(Exception):
    pass


def clock_table(
    graph: CausalGraph, edges: Sequence[Edge], order: Sequence[int], lanes: Lanes | None, limits: Limits
) -> ClockTable:
    """Compute the clocks; `order` is a linear extension of the nodes. Chains get `lanes`, if given.

    Time: O(n + edges · lanes).
    """
    segments = segments_of(graph.chain_nodes, edges, len(order))
    sequence = _in_order(segments, order)
    positions = [0] * len(order)
    for nodes in graph.chain_nodes:
        for position, node in enumerate(nodes, 1):
            positions[node] = position
    kept = len(graph.chains)
    try:
        filling = _Filling(segments, lanes or Lanes(graph.chains, graph.chain_nodes), positions)
        clocks = filling.fill(sequence, kept, limits.entries)
    except _TooManyEntries:
        kept = limits.lanes
        filling = _Filling(segments, lanes or Lanes(graph.chains, graph.chain_nodes), positions)
        clocks = filling.fill(sequence, kept, sys.maxsize)
    for chain, nodes in enumerate(graph.chain_nodes):
        if offset := filling.lanes.offsets[chain]:
            for node in nodes:
                positions[node] += offset
    return ClockTable(segments, filling.lanes, clocks, positions, kept)


def _in_order(segments: Segments, order: Sequence[int]) -> list[int]:
    if isinstance(order, range):
        return sorted(range(len(segments.firsts)), key=segments.firsts.__getitem__)
    begun = dict(zip(segments.firsts, range(len(segments.firsts)), strict=True))
    return [begun[node] for node in order if node in begun]


class _Filling:
    def __init__(self, segments: Segments, lanes: Lanes, positions: Sequence[int]) -> None:
        self._segments = segments
        self._positions = positions
        self._entries = 0
        self.lanes = lanes

    def fill(self, sequence: Sequence[int], kept: int, most_entries: int) -> list[Clock]:
        """Compute the clocks of the segments, in this order, of the lanes below `kept`."""
        segments, lanes = self._segments, self.lanes
        clocks: list[Clock] = [{}] * len(segments.firsts)
        for segment in sequence:
            before, sources = segments.befores[segment], segments.sources[segment]
            clock = clocks[before].copy() if before != NONE else {}
            for source in sources:
                self._learn(clock, clocks, source, kept)
            clocks[segment] = clock
            self._entries += len(clock)
            if self._entries > most_entries:
                raise _TooManyEntries
            if before == NONE and lanes.of_chain[segments.chains[segment]] == NONE:
                lanes.place(segments.chains[segment], clock)
        return clocks

    def _learn(self, clock: Clock, clocks: Sequence[Clock], source: int, kept: int) -> None:
        """Merge what `source` knew, and itself."""
        cause = self._segments.of_node[source]
        chain = self._segments.chains[cause]
        lane = self.lanes.of_chain[chain]
        position = self.lanes.offsets[chain] + self._positions[source]
        if clock.get(lane, 0) >= position:
            return
        for other, known in clocks[cause].items():
            if clock.get(other, 0) < known:
                clock[other] = known
        if lane < kept:
            clock[lane] = position
