"""Vector clocks over lanes: who happens before whom, in one comparison.

A lane is a sequence of chains of one process that follow one another; a position counts its nodes
from 1. The clock of a node tells for each lane the greatest position that happens before it, or is
it. Event e happens before event f iff `clock(start of f)[lane(e)] >= position(end of e)`, e != f.

Where the clocks would take too much memory (`raceway_core.clock_table`), the events of the lanes left
out count as ordered, in the order of a linear extension; so whatever is still found concurrent is
so, and counts of concurrent pairs are lower bounds.

Sources: Fidge 1988 and Mattern 1989 (vector clocks).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from raceway_core.causal_graph import CausalGraph, Edge
from raceway_core.clock_row import all_known, as_dict, dense, leading
from raceway_core.clock_table import LIMITS, ClockTable, Limits, clock_table
from raceway_core.graph.linear_order import linear_extension

Array: TypeAlias = npt.NDArray[np.int64]

WHOLE_UP_TO = 300
"""Clocks of traces of so many events are shown whole; of wide ones beyond it they would be quadratic."""

MOST_SHOWN = 64
"""So many lanes of another clock are shown beside its own."""


MOST_APART = 8
"""Clocks of so many entries share few of them."""


class Rows(NamedTuple):
    """Clocks as an array, (clocks, lanes); `row_of` tells whose is which. Many events share a clock."""

    known: Array
    row_of: Array


class Clocks:
    """An order of the events of one graph. All events of a lane belong to one process."""

    lane: Sequence[int]
    """By event: its lane."""

    position: Sequence[int]
    """By event: the position of its end on its lane, from 1."""

    begin: Sequence[int]
    """By event: the position of its start."""

    clock: Sequence[Mapping[int, int]]
    """By event: the positions that its start knows of, by lane; `begin` stands for its own lane."""

    components: Sequence[str]
    """By lane: its name in a clock that is shown."""

    width: int
    """Number of lanes."""

    kept: int
    """Number of lanes, the first ones, that clocks know of."""

    is_too_wide: bool
    """Whether lanes were left out; their events then count as ordered, in the order of `rank`."""

    def __init__(self, graph: CausalGraph, order: Sequence[int], table: ClockTable) -> None:
        self._graph = graph
        self._order = order
        self._table = table
        lanes, chain_of = table.lanes, graph.chain_of
        self.components = lanes.components
        self.width = len(lanes.components)
        self.kept = table.kept
        self.is_too_wide = table.kept < self.width
        self.lane = [lanes.of_chain[chain] for chain in chain_of]
        self.position = [table.position_of[node] for node in graph.ends]
        self.begin = [table.position_of[node] for node in graph.starts]
        self.clock = [table.clocks[table.segments.of_node[node]] for node in graph.starts]

    @cached_property
    def rank(self) -> Sequence[int]:
        """By event: its place in a linear extension; the same for equal sets of events."""
        event_of, ends = self._graph.event_of, self._graph.ends
        ranks = [0] * len(ends)
        ended = (event_of[node] for node in self._order if ends[event_of[node]] == node)
        for rank, event in enumerate(ended):
            ranks[event] = rank
        return ranks

    def segment(self, event: int) -> int:
        """Return where an event ended: clocks of one segment differ in the event's own lane only."""
        return self._table.segments.of_node[self._graph.ends[event]]

    def happens_before(self, first: int, second: int) -> bool:
        """Whether event `first` ended before event `second` began.

        Time: O(1), O(log n) where clocks are kept as news.
        """
        lane, other = self.lane[first], self.lane[second]
        if lane == other:
            return first != second and self.position[first] <= self.begin[second]
        if self.is_too_wide and (lane >= self.kept or other >= self.kept):
            return self.rank[first] < self.rank[second]
        return self.clock[second].get(lane, 0) >= self.position[first]

    def known(self, event: int) -> dict[int, int]:
        """Return the positions that the start of an event knows of, its own among them, by lane."""
        return {**as_dict(self.clock[event]), self.lane[event]: self.begin[event]}

    def place(self, node: int) -> tuple[int, int]:
        """Return the lane and the position of a node."""
        return self.lane[self._graph.event_of[node]], self._table.position_of[node]

    def node_at(self, lane: int, position: int) -> int:
        """Return the node at a position of a lane. Time: O(log chains)."""
        chains, offsets = self._chains_on[lane]
        place = bisect_left(offsets, position) - 1 if len(offsets) > 1 else 0
        return self._graph.chain_nodes[chains[place]][position - offsets[place] - 1]

    @cached_property
    def _chains_on(self) -> Sequence[tuple[Sequence[int], Sequence[int]]]:
        """By lane: its chains in order, and how many positions are before each."""
        lanes = self._table.lanes
        chains: list[list[int]] = [[] for _ in lanes.components]
        for number in sorted(range(len(lanes.offsets)), key=lanes.offsets.__getitem__):
            chains[lanes.of_chain[number]].append(number)
        return [(of_lane, [lanes.offsets[number] for number in of_lane]) for of_lane in chains]

    def rows(self, events: Sequence[int], lanes: Sequence[int]) -> Rows:
        """Return what the starts of `events` know of `lanes`, their own and those left out excepted."""
        distinct, row_of = self._distinct(events)
        return Rows(dense(distinct, np.array(lanes, dtype=np.int64), self.width), row_of)

    def entries(self, events: Sequence[int]) -> tuple[Array, Array, Array]:
        """Return what the clocks of the starts of `events` know, where that is something.

        Place of the event, lane and position of each entry, by event; the own lane is among them.
        """
        distinct, row_of = self._distinct(events)
        begins, lanes, positions = all_known(distinct)
        sizes = np.diff(begins)[row_of]
        event = np.repeat(np.arange(len(events)), sizes)
        entry = np.arange(len(event)) - np.repeat(np.cumsum(sizes) - sizes - begins[row_of], sizes)
        own = _array(map(self.lane.__getitem__, events))
        is_other = lanes[entry] != own[event]
        event = np.concatenate([event[is_other], np.arange(len(events))])
        order = np.argsort(event, kind="stable")
        lanes = np.concatenate([lanes[entry[is_other]], own])
        positions = np.concatenate([positions[entry[is_other]], _array(map(self.begin.__getitem__, events))])
        return event[order], lanes[order], positions[order]

    def _distinct(self, events: Sequence[int]) -> tuple[list[Mapping[int, int]], Array]:
        """Return the different clocks of the starts of `events`, and which of them is whose."""
        clocks = [self.clock[event] for event in events]
        _, first, row_of = np.unique(_array(map(id, clocks)), return_index=True, return_inverse=True)
        return [clocks[row] for row in first.tolist()], row_of

    def extended(self, more: Sequence[Edge], limits: Limits = LIMITS) -> Clocks:
        """Return `clocks_of` the same graph and `more`, with what is known already."""
        graph, order, kept = self._graph, self._order, more
        if not _agrees(order, more):
            order, dropped = linear_extension(graph.chain_nodes, graph.edges, more)
            kept = [edge for edge in more if edge not in dropped]
        edges = [*graph.edges, *kept]
        return Clocks(graph, order, clock_table(graph, edges, order, self._table.lanes, limits))

    def shown(self, event: int) -> tuple[tuple[str, int], ...]:
        """Return the clock of an event's end for a reader: (component, n), n > 0, sorted.

        Of traces beyond `WHOLE_UP_TO` events the other lanes are the first `MOST_SHOWN` that it knows of.
        """
        lane = self.lane[event]
        own = (self.components[lane], self.position[event])
        segment = self.segment(event)
        clock = self._table.clocks[segment]
        if not clock:
            return (own,)
        others = self._shown.get(segment)
        if others is None:
            most = MOST_SHOWN + 1 if len(self.lane) > WHOLE_UP_TO else len(clock)
            known = [entry for entry in leading(clock, most) if entry[0] != lane]
            entries = sorted(self._named(known) if len(known) > MOST_APART else self._as_names(known))
            place = bisect_left(entries, own[:1])
            others = self._shown[segment] = (tuple(entries[:place]), tuple(entries[place:]))
        return (*others[0], own, *others[1])

    def _as_names(self, entries: Iterable[tuple[int, int]]) -> list[tuple[str, int]]:
        return [(self.components[lane], position) for lane, position in entries]

    def _named(self, entries: Iterable[tuple[int, int]]) -> list[tuple[str, int]]:
        """Do what `_as_names` does. Wide clocks share most entries, so those that are alike are one."""
        names = self._names
        return [
            names.get(entry) or names.setdefault(entry, (self.components[entry[0]], entry[1]))
            for entry in entries
        ]

    @cached_property
    def _names(self) -> dict[tuple[int, int], tuple[str, int]]:
        return {}

    @cached_property
    def _shown(self) -> dict[int, tuple[tuple[tuple[str, int], ...], ...]]:
        """By segment: the entries before the own one and after it, which all its events share."""
        return {}


def _array(numbers: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.fromiter(numbers, np.int64)


def clocks_of(graph: CausalGraph, more: Sequence[Edge] = (), limits: Limits = LIMITS) -> Clocks:
    """Order the events by the graph's edges and `more`.

    Of edges of `more` on a cycle some are left out, so that there is none. Lanes are the same
    whatever `more` is.

    Time: O(n + edges · lanes), O(n log n) more where `more` contradicts wall time.
    """
    table = clock_table(graph, graph.edges, graph.order, None, limits)
    clocks = Clocks(graph, graph.order, table)
    return clocks.extended(more, limits) if more else clocks


def _agrees(order: Sequence[int], edges: Sequence[Edge]) -> bool:
    if isinstance(order, range):
        return all(edge.source < edge.target for edge in edges)
    place_of = {node: place for place, node in enumerate(order)}
    return all(place_of[edge.source] < place_of[edge.target] for edge in edges)
