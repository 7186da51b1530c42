"""Vector clocks over lanes: who happens before whom, in one comparison.

A lane is a sequence of chains of one process that follow one another; a position counts its nodes
from 1. The clock of a node tells for each lane the greatest position that happens before it, or is
it. Event e happens before event f iff `clock(start of f)[lane(e)] >= position(end of e)`, e != f.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from raceway_core.causal_graph import CausalGraph, Edge
from raceway_core.segment import Segments, segments_of, topological


class Clocks:
    """An order of the events of one graph. All events of a lane belong to one process."""

    def __init__(
        self, graph: CausalGraph, segments: Segments, lanes: _Lanes, table: list[list[int]], order: list[int]
    ) -> None:
        self._graph = graph
        self._table = table
        self.components: Sequence[str] = lanes.components
        """By lane: its name in a clock that is shown."""
        of_event = lanes.position_of(graph)
        self.lane: Sequence[int] = [lanes.of_chain[chain] for chain in graph.chain_of]
        """By event: its lane."""
        self.position: Sequence[int] = [of_event[node] for node in graph.ends]
        """By event: the position of its end on its lane, from 1."""
        self._start_position = [of_event[node] for node in graph.starts]
        self._segment = [segments.of_node[node] for node in graph.starts]
        self.segment: Sequence[int] = [segments.of_node[node] for node in graph.ends]
        """By event: events that ended in one segment have clocks that differ in their own lane only."""
        self.rank: Sequence[int] = _ranks(graph, segments, order)
        """By event: its place in a linear extension; the same for equal sets of events."""
        self.width = len(lanes.lengths)
        """Number of lanes."""
        self.is_too_wide = False
        """Whether lanes were left out; then absence from a clock proves nothing."""

    def happens_before(self, first: int, second: int) -> bool:
        """Whether event `first` ended before event `second` began. Time: O(1)."""
        lane = self.lane[first]
        if lane == self.lane[second]:
            return first != second and self.position[first] <= self._start_position[second]
        return self._table[self._segment[second]][lane] >= self.position[first]

    def rows(self, events: Sequence[int], lanes: Sequence[int]) -> npt.NDArray[np.int64]:
        """Return the clocks of the starts of `events`, as a (len(events), len(lanes)) array."""
        return np.array(
            [
                [
                    self._start_position[event]
                    if lane == self.lane[event]
                    else self._table[self._segment[event]][lane]
                    for lane in lanes
                ]
                for event in events
            ],
            dtype=np.int64,
        ).reshape(len(events), len(lanes))

    def shown(self, event: int) -> tuple[tuple[str, int], ...]:
        """Return the clock of an event's end for a reader: (component, n), n > 0, sorted."""
        row = list(self._table[self.segment[event]])
        row[self.lane[event]] = self.position[event]
        return tuple(sorted((self.components[lane], value) for lane, value in enumerate(row) if value))


def clocks_of(graph: CausalGraph, more: Sequence[Edge] = ()) -> Clocks:
    """Order the events by the graph's edges and `more`; edges of `more` that would close a cycle
    are left out. Lanes are the same whatever `more` is.
    """
    segments = segments_of(graph, graph.edges)
    order = topological(segments)
    lanes = _Lanes(graph)
    table = _fill(graph, segments, order, lanes)
    if more:
        segments = segments_of(graph, [*graph.edges, *more])
        order = topological(segments)
        table = _fill(graph, segments, order, lanes)
    for row in table:
        row.extend([0] * (len(lanes.lengths) - len(row)))
    return Clocks(graph, segments, lanes, table, order)


class _Lanes:
    """The lane of each chain, found while clocks are computed: a greedy path cover."""

    def __init__(self, graph: CausalGraph) -> None:
        self._chains = graph.chains
        self._sizes = [len(nodes) for nodes in graph.chain_nodes]
        self.of_chain = [-1] * len(graph.chains)
        self.offset = [0] * len(graph.chains)
        self.lengths: list[int] = []
        self.components: list[str] = []
        self._processes: list[object] = []

    def place(self, chain: int, row: list[int]) -> None:
        """Put `chain` behind a lane that ended before its first node, whose clock is `row`."""
        if self.of_chain[chain] >= 0:
            return
        process = self._chains[chain].process
        for lane, position in enumerate(row):
            if position == self.lengths[lane] and self._processes[lane] == process:
                break
        else:
            lane = len(self.lengths)
            self.lengths.append(0)
            self.components.append(self._chains[chain].component)
            self._processes.append(process)
        self.of_chain[chain] = lane
        self.offset[chain] = self.lengths[lane]
        self.lengths[lane] += self._sizes[chain]

    def position_of(self, graph: CausalGraph) -> list[int]:
        """Return the position of each node."""
        positions = [0] * len(graph.event_of)
        for chain, nodes in enumerate(graph.chain_nodes):
            for position, node in enumerate(nodes, self.offset[chain] + 1):
                positions[node] = position
        return positions


def _fill(graph: CausalGraph, segments: Segments, order: list[int], lanes: _Lanes) -> list[list[int]]:
    index = [0] * len(graph.event_of)
    for nodes in graph.chain_nodes:
        for place, node in enumerate(nodes, 1):
            index[node] = place
    table: list[list[int]] = [[] for _ in segments.chain]
    for segment in order:
        before = segments.follows[segment]
        row = table[before].copy() if before >= 0 else []
        for source in segments.sources[segment]:
            cause = segments.of_node[source]
            chain = segments.chain[cause]
            lane, position = lanes.of_chain[chain], lanes.offset[chain] + index[source]
            if lane < len(row) and row[lane] >= position:
                continue
            other = table[cause]
            row.extend([0] * (max(len(other), lane + 1) - len(row)))
            row[: len(other)] = map(max, row, other)
            row[lane] = max(row[lane], position)
        table[segment] = row
        lanes.place(segments.chain[segment], row)
    return table


def _ranks(graph: CausalGraph, segments: Segments, order: list[int]) -> list[int]:
    members: list[list[int]] = [[] for _ in segments.chain]
    for nodes in graph.chain_nodes:
        for node in nodes:
            members[segments.of_node[node]].append(node)
    ranks = [0] * len(graph.events)
    rank = 0
    for segment in order:
        for node in members[segment]:
            event = graph.event_of[node]
            if graph.ends[event] == node:
                ranks[event] = rank
                rank += 1
    return ranks
