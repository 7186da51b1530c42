"""The clocks of a graph, one per segment: what a stretch of a chain knows of the other lanes.

Only a node with an edge from another chain learns anything, so a clock begins at each such node and
holds until the next. A clock has the lanes that it knows of; its own lane is known from the position.
One pass in the order of a linear extension computes them and puts chains onto lanes.

Most clocks know of few lanes: each is a dict. A request that starts hundreds of tasks at a time and
awaits them has clocks of hundreds of entries, of which a dict takes eighty bytes each and a matrix four.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock_row import ClockRow
from raceway_core.graph.edge import Edge
from raceway_core.graph.event_table import NONE
from raceway_core.graph.lane import Lanes
from raceway_core.graph.segment import Segments, segments_of


class Limits(NamedTuple):
    """What bounds the memory of the clocks of a graph.

    Dicts have at most `entries` together (some 80 MB); beyond that there is a matrix of at most `cells`
    (256 MB), which has as many lanes, the first ones, as there is room for.
    """

    entries: int = 1_000_000
    cells: int = 64_000_000


LIMITS = Limits()

Clock = Mapping[int, int]
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
    filling: _Filling
    try:
        filling = _DictFilling(segments, lanes or Lanes(graph.chains, graph.chain_nodes), positions, limits)
        filling.fill(sequence)
    except _TooManyEntries:
        filling = _RowFilling(segments, lanes or Lanes(graph.chains, graph.chain_nodes), positions, limits)
        filling.fill(sequence)
    for chain, nodes in enumerate(graph.chain_nodes):
        if offset := filling.lanes.offsets[chain]:
            for node in nodes:
                positions[node] += offset
    return ClockTable(segments, filling.lanes, filling.clocks, positions, filling.kept)


def _in_order(segments: Segments, order: Sequence[int]) -> list[int]:
    if isinstance(order, range):
        return sorted(range(len(segments.firsts)), key=segments.firsts.__getitem__)
    begun = dict(zip(segments.firsts, range(len(segments.firsts)), strict=True))
    return [begun[node] for node in order if node in begun]


class _Filling:
    """Computes the clocks of the segments. What a clock is, the two kinds of filling decide."""

    clocks: Sequence[Clock]
    kept: int

    def __init__(self, segments: Segments, lanes: Lanes, positions: Sequence[int]) -> None:
        self._segments = segments
        self._positions = positions
        self.lanes = lanes

    def fill(self, sequence: Sequence[int]) -> None:
        """Compute the clocks in this order, and give a chain without a lane one."""
        segments, lanes = self._segments, self.lanes
        for segment in sequence:
            before = segments.befores[segment]
            self._begin(segment, before)
            for source in segments.sources[segment]:
                cause = segments.of_node[source]
                chain = segments.chains[cause]
                position = lanes.offsets[chain] + self._positions[source]
                self._learn(segment, cause, lanes.of_chain[chain], position)
            self._end(segment)
            if before == NONE and lanes.of_chain[segments.chains[segment]] == NONE:
                lanes.place(segments.chains[segment], self._followed(segment))

    def _begin(self, segment: int, before: int) -> None:
        """Let a clock know what the one before it on its chain does."""
        raise NotImplementedError

    def _learn(self, segment: int, cause: int, lane: int, position: int) -> None:
        """Let a clock know what that of `cause` does, and the position at which that was."""
        raise NotImplementedError

    def _end(self, segment: int) -> None:
        """See to a clock that knows everything."""

    def _followed(self, segment: int) -> Iterable[int]:
        """Return the lanes, ascending, of which a clock knows all that there is so far."""
        raise NotImplementedError


class _DictFilling(_Filling):
    def __init__(self, segments: Segments, lanes: Lanes, positions: Sequence[int], limits: Limits) -> None:
        super().__init__(segments, lanes, positions)
        self.kept = len(positions)
        self._room = limits.entries
        self._clocks: list[dict[int, int]] = [{}] * len(segments.firsts)
        self.clocks = self._clocks

    def _begin(self, segment: int, before: int) -> None:
        self._clocks[segment] = self._clocks[before].copy() if before != NONE else {}

    def _learn(self, segment: int, cause: int, lane: int, position: int) -> None:
        clock = self._clocks[segment]
        if clock.get(lane, 0) >= position:
            return
        for other, known in self._clocks[cause].items():
            if clock.get(other, 0) < known:
                clock[other] = known
        clock[lane] = position

    def _end(self, segment: int) -> None:
        self._room -= len(self._clocks[segment])
        if self._room < 0:
            raise _TooManyEntries

    def _followed(self, segment: int) -> Iterable[int]:
        clock, lengths = self._clocks[segment], self.lanes.lengths
        return [lane for lane in sorted(clock) if clock[lane] == lengths[lane]]


class _RowFilling(_Filling):
    def __init__(self, segments: Segments, lanes: Lanes, positions: Sequence[int], limits: Limits) -> None:
        super().__init__(segments, lanes, positions)
        count = len(segments.firsts)
        self.kept = min(len(lanes.of_chain), max(1, limits.cells // count))
        self._rows = np.zeros((count, self.kept), dtype=np.int32)
        self._lengths = np.zeros(self.kept, dtype=np.int32)
        self.clocks = [ClockRow(row) for row in self._rows]

    def _begin(self, segment: int, before: int) -> None:
        if before != NONE:
            self._rows[segment] = self._rows[before]

    def _learn(self, segment: int, cause: int, lane: int, position: int) -> None:
        row = self._rows[segment]
        if lane >= self.kept:
            np.maximum(row, self._rows[cause], out=row)
        elif row[lane] < position:
            np.maximum(row, self._rows[cause], out=row)
            row[lane] = position

    def _followed(self, segment: int) -> Iterable[int]:
        lengths = self.lanes.lengths[: self.kept]
        known = self._rows[segment, : len(lengths)]
        followed: list[int] = np.flatnonzero((known > 0) & (known == np.array(lengths))).tolist()
        return followed
