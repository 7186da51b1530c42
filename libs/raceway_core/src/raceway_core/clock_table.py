"""The clocks of a graph, one per segment: what a stretch of a chain knows of the other lanes.

Only a node with an edge from another chain learns anything, so a clock begins at each such node and
holds until the next. A clock has the lanes that it knows of; its own lane is known from the position.
One pass in the order of a linear extension computes them and puts chains onto lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from raceway_core.chain import Chain
from raceway_core.edge import Edge
from raceway_core.lane import Lanes
from raceway_core.segment import NONE, Segments, segments_of

MOST_ENTRIES = 3_000_000
"""Of all clocks of a graph together, some 250 MB."""

LANES_KEPT = 256
"""How many lanes are kept where the entries would be more."""

Clock = dict[int, int]
"""By lane the greatest position known."""


class ClockTable(NamedTuple):
    """`clocks` are by segment, `position_of` by node. `is_cut`: only the first lanes were kept."""

    segments: Segments
    lanes: Lanes
    clocks: Sequence[Clock]
    position_of: Sequence[int]
    is_cut: bool


class _TooManyEntries(Exception):
    pass


def clock_table(
    chains: Sequence[Chain],
    chain_nodes: Sequence[Sequence[int]],
    edges: Sequence[Edge],
    order: Sequence[int],
    lanes: Lanes | None = None,
) -> ClockTable:
    """Compute the clocks; `order` is a linear extension of the nodes.

    Time: O(n + edges · lanes).
    """
    segments = segments_of(chain_nodes, edges, len(order))
    sequence = _in_order(segments, order)
    index_of = [0] * len(order)
    for nodes in chain_nodes:
        for index, node in enumerate(nodes, 1):
            index_of[node] = index
    is_cut = False
    try:
        filling = _Filling(segments, lanes or Lanes(chains, chain_nodes), index_of)
        clocks = filling.fill(sequence, len(chains))
    except _TooManyEntries:
        is_cut = True
        filling = _Filling(segments, lanes or Lanes(chains, chain_nodes), index_of)
        clocks = filling.fill(sequence, LANES_KEPT)
    offsets = filling.lanes.offsets
    for chain, nodes in enumerate(chain_nodes):
        if offset := offsets[chain]:
            for node in nodes:
                index_of[node] += offset
    return ClockTable(segments, filling.lanes, clocks, index_of, is_cut)


def _in_order(segments: Segments, order: Sequence[int]) -> list[int]:
    if isinstance(order, range):
        return sorted(range(len(segments.firsts)), key=segments.firsts.__getitem__)
    begun = dict(zip(segments.firsts, range(len(segments.firsts)), strict=True))
    return [begun[node] for node in order if node in begun]


class _Filling:
    def __init__(self, segments: Segments, lanes: Lanes, index_of: Sequence[int]) -> None:
        self._segments = segments
        self._index_of = index_of
        self._entries = 0
        self.lanes = lanes

    def fill(self, sequence: Sequence[int], lanes_kept: int) -> list[Clock]:
        segments, lanes = self._segments, self.lanes
        clocks: list[Clock] = [{}] * len(segments.firsts)
        for segment in sequence:
            before, sources = segments.befores[segment], segments.sources[segment]
            clock = clocks[before].copy() if before != NONE else {}
            for source in sources:
                self._learn(clock, clocks, source, lanes_kept)
            clocks[segment] = clock
            self._entries += len(clock)
            if self._entries > MOST_ENTRIES and lanes_kept > LANES_KEPT:
                raise _TooManyEntries
            if before == NONE and lanes.of_chain[segments.chains[segment]] == NONE:
                lanes.place(segments.chains[segment], clock)
        return clocks

    def _learn(self, clock: Clock, clocks: Sequence[Clock], source: int, lanes_kept: int) -> None:
        """Merge what `source` knew, and itself."""
        cause = self._segments.of_node[source]
        chain = self._segments.chains[cause]
        lane = self.lanes.of_chain[chain]
        position = self.lanes.offsets[chain] + self._index_of[source]
        if clock.get(lane, 0) >= position:
            return
        for other, known in clocks[cause].items():
            if clock.get(other, 0) < known:
                clock[other] = known
        if lane < lanes_kept:
            clock[lane] = position
