"""The clocks of a graph, one per segment: what a stretch of a chain knows of the other lanes.

Only a node with an edge from another chain learns anything, so a clock begins at each such node and
holds until the next. A clock has the lanes that it knows of; its own lane is known from the position.
One pass in the order of a linear extension computes them and puts chains onto lanes.

Most clocks know of few lanes: each is a dict. A request that starts hundreds of tasks at a time and
awaits them has clocks of hundreds of entries that differ in one, and only that is kept
(`raceway_core.clock_news`). Where most entries differ, a matrix takes four bytes for each, a dict eighty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock_filling import Clock, Filling, TooManyEntries
from raceway_core.clock_news import NewsFilling, Room
from raceway_core.clock_row import ClockRow
from raceway_core.event import StateChange
from raceway_core.graph.edge import Edge
from raceway_core.graph.event_table import NONE
from raceway_core.graph.lane import Lanes
from raceway_core.graph.segment import Segments, segments_of


class Limits(NamedTuple):
    """What bounds the memory of the clocks of a graph.

    Dicts have at most `entries` together (some 80 MB); beyond that at most so many `news` are kept (some
    200 MB); beyond these there is a matrix of at most `cells` (256 MB), which has as many lanes, the
    first ones, as there is room for. Nor are news kept where the accesses of a trace would know of more
    than half as many entries: who counts races lists them.
    """

    entries: int = 1_000_000
    news: int = 1_000_000
    cells: int = 64_000_000


LIMITS = Limits()


class ClockTable(NamedTuple):
    """`clocks` are by segment, `position_of` by node; of the lanes the first `kept` are in them."""

    segments: Segments
    lanes: Lanes
    clocks: Sequence[Clock]
    position_of: Sequence[int]
    kept: int


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
    for filling in _fillings(graph, segments, lanes, positions, limits):
        try:
            filling.fill(sequence)
            break
        except TooManyEntries:
            continue
    for chain, nodes in enumerate(graph.chain_nodes):
        if offset := filling.lanes.offsets[chain]:
            for node in nodes:
                positions[node] += offset
    return ClockTable(segments, filling.lanes, filling.clocks(), positions, filling.kept)


def _fillings(
    graph: CausalGraph, segments: Segments, lanes: Lanes | None, positions: Sequence[int], limits: Limits
) -> Iterator[Filling]:
    """Yield what clocks can be kept as, the fastest first. The last one always has room."""

    def fresh() -> Lanes:
        return lanes or Lanes(graph.chains, graph.chain_nodes)

    yield _DictFilling(segments, fresh(), positions, limits)
    listed = [segments.of_node[graph.starts[event]] for event in graph.payloads.numbers(StateChange)]
    room = Room(limits.news, limits.cells // len(segments.firsts), limits.cells // 2, listed)
    yield NewsFilling(segments, fresh(), positions, graph.chain_nodes, room)
    yield _RowFilling(segments, fresh(), positions, limits)


def _in_order(segments: Segments, order: Sequence[int]) -> list[int]:
    if isinstance(order, range):
        return sorted(range(len(segments.firsts)), key=segments.firsts.__getitem__)
    begun = dict(zip(segments.firsts, range(len(segments.firsts)), strict=True))
    return [begun[node] for node in order if node in begun]


class _DictFilling(Filling):
    def __init__(self, segments: Segments, lanes: Lanes, positions: Sequence[int], limits: Limits) -> None:
        super().__init__(segments, lanes, positions)
        self.kept = len(positions)
        self._room = limits.entries
        self._clocks: list[dict[int, int]] = [{}] * len(segments.firsts)

    def clocks(self) -> Sequence[Clock]:
        return self._clocks

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
            raise TooManyEntries

    def _followed(self, segment: int) -> Iterable[int]:
        clock, lengths = self._clocks[segment], self.lanes.lengths
        return [lane for lane in sorted(clock) if clock[lane] == lengths[lane]]


class _RowFilling(Filling):
    def __init__(self, segments: Segments, lanes: Lanes, positions: Sequence[int], limits: Limits) -> None:
        super().__init__(segments, lanes, positions)
        count = len(segments.firsts)
        self.kept = min(len(lanes.of_chain), max(1, limits.cells // count))
        self._rows = np.zeros((count, self.kept), dtype=np.int32)

    def clocks(self) -> Sequence[Clock]:
        return [ClockRow(row) for row in self._rows]

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

    def _end(self, segment: int) -> None:
        """Nothing is left to see to: all rows were there from the start."""

    def _followed(self, segment: int) -> Iterable[int]:
        lengths = self.lanes.lengths[: self.kept]
        known = self._rows[segment, : len(lengths)]
        followed: list[int] = np.flatnonzero((known > 0) & (known == np.array(lengths))).tolist()
        return followed
