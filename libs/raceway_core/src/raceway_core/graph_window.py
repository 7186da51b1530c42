"""Windows of a causal graph: some of its nodes in a linear extension, with the edges that lead to them.

Every cause stands before its effects, so an edge belongs to the window of its target, and whoever reads
one window after the other has met its source before. Program order is an edge like the others here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph, Edge, EdgeKind
from raceway_core.clock import Clocks
from raceway_core.event import EventId
from raceway_core.evidence import moment_of, phase_of
from raceway_core.moment import Moment, Phase


class NodeName(NamedTuple):
    """Names a node whatever else a trace holds."""

    event_id: EventId
    phase: Phase


class PlacedNode(NamedTuple):
    """A node with its lane and position, as clocks have them, and the chain that it is on."""

    moment: Moment
    lane: int
    position: int
    chain: str

    @property
    def name(self) -> NodeName:
        """Its name."""
        return NodeName(self.moment.event_id, self.moment.phase)


class NamedEdge(NamedTuple):
    """A direct edge of the causal graph."""

    source: NodeName
    target: NodeName
    kind: EdgeKind


class GraphWindow(NamedTuple):
    """The nodes from place `start` on in the linear extension, and all edges to them."""

    start: int
    nodes: Sequence[PlacedNode]
    edges: Sequence[NamedEdge]


class GraphWindows:
    """Cuts windows out of one graph; `clocks` are its C-clocks."""

    def __init__(self, graph: CausalGraph, clocks: Clocks) -> None:
        self._graph = graph
        self._clocks = clocks

    def window(self, start: int, size: int) -> GraphWindow:
        """Return up to `size` nodes. Time: O(size and edges), O(nodes + edges) once."""
        nodes = self._graph.order[start : start + size]
        edges = [edge for node in nodes for edge in self._edges_to(node)]
        return GraphWindow(
            start, [self._placed(node) for node in nodes], [self._named(edge) for edge in edges]
        )

    def place_after(self, name: NodeName, place: int) -> int:
        """Return the place after a node that was at `place`; where it is gone, after its old place."""
        number = self._graph.number_of.get(name.event_id)
        if number is None:
            return max(place + 1, 0)
        nodes = self._graph.ends if name.phase is Phase.END else self._graph.starts
        return self._place_of[nodes[number]] + 1

    def _placed(self, node: int) -> PlacedNode:
        chain = self._graph.chains[self._graph.chain_of[self._graph.event_of[node]]]
        return PlacedNode(moment_of(self._graph, node), *self._clocks.place(node), chain.component)

    def _edges_to(self, node: int) -> Iterator[Edge]:
        before = self._before.get(node)
        if before is not None:
            yield Edge(before, node, EdgeKind.PROGRAM)
        yield from self._incoming.get(node, ())

    def _named(self, edge: Edge) -> NamedEdge:
        return NamedEdge(self._name(edge.source), self._name(edge.target), edge.kind)

    def _name(self, node: int) -> NodeName:
        number = self._graph.event_of[node]
        return NodeName(self._graph.events[number].id, phase_of(self._graph, node))

    @cached_property
    def _before(self) -> Mapping[int, int]:
        """By node: the one before it on its chain."""
        return {after: node for nodes in self._graph.chain_nodes for node, after in pairwise(nodes)}

    @cached_property
    def _incoming(self) -> Mapping[int, Sequence[Edge]]:
        incoming: dict[int, list[Edge]] = {}
        for edge in self._graph.edges:
            incoming.setdefault(edge.target, []).append(edge)
        return incoming

    @cached_property
    def _place_of(self) -> Mapping[int, int]:
        return {node: place for place, node in enumerate(self._graph.order)}
