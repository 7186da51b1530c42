"""Ways: why one moment is before another, as direct edges of the causal graph.

What runs on one chain is in program order, and however long it takes, that is one reason. So a way is
a sequence of hops: along a chain, past any number of nodes, or over one edge to another chain. The
shortest way is one with the fewest of the latter.

A search looks at each node once at most. It enters a chain somewhere and walks ahead to where an earlier
walk began; what does not lead to the target is not entered.

Source: Moore 1959 (breadth-first search).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph, Edge, EdgeKind
from raceway_core.clock import Clocks
from raceway_core.graph.event_table import NONE


class Hop(NamedTuple):
    """Leads to the node `target`, along a chain past the nodes `passed`."""

    kind: EdgeKind
    target: int
    passed: Sequence[int] = ()


class _Entry(NamedTuple):
    """Where a search came to a chain: at `node`, over an edge `source` from the entry number `before`."""

    node: int
    kind: EdgeKind
    source: int
    before: int


class Ways:
    """Finds ways through one graph; `clocks` are its C-clocks."""

    def __init__(self, graph: CausalGraph, clocks: Clocks) -> None:
        self._graph = graph
        self._clocks = clocks

    def shortest(self, source: int, event: int) -> Sequence[Hop] | None:
        """Return a way from the node `source` to the beginning of `event`; None if there is none.

        It has no hops if `source` is that beginning. Time: O(n + edges), O(lanes) if there is none.
        """
        entries = self._search(source, event)
        if not entries:
            return None
        hops: list[Hop] = []
        target, entry = self._graph.starts[event], entries[-1]
        while entry.before != NONE:
            hops += (*self._along(entry.node, target), Hop(entry.kind, entry.node))
            target, entry = entry.source, entries[entry.before]
        hops += self._along(source, target)
        return hops[::-1]

    def _search(self, source: int, event: int) -> Sequence[_Entry]:
        """Return entries of which the last has the beginning of `event` ahead; none if there is no way."""
        known, target = self._clocks.known(event), self._graph.starts[event]
        walked: dict[int, int] = {}
        entries = [_Entry(source, EdgeKind.PROGRAM, source, NONE)] if self._leads(source, known) else []
        for number, entry in enumerate(entries):  # which grow meanwhile
            chain, place = self._chain(entry.node), self._place_of[entry.node]
            if chain == self._chain(target) and place <= self._place_of[target]:
                return entries[: number + 1]
            ahead = self._graph.chain_nodes[chain][place : walked.get(chain)]
            walked[chain] = min(place, walked.get(chain, place))
            entries += [
                _Entry(edge.target, edge.kind, edge.source, number)
                for edge in self._edges(ahead, known)
                if self._leads(edge.target, known)
            ]
        return ()

    def _edges(self, nodes: Sequence[int], known: Mapping[int, int]) -> Iterator[Edge]:
        """Yield the edges to other chains from those of a chain's `nodes` that lead to what is `known`."""
        for node in nodes:
            if not self._leads(node, known):
                break
            yield from self._edges_from.get(node, ())

    def _leads(self, node: int, known: Mapping[int, int]) -> bool:
        """Whether a node leads to where this much is known. Of a lane that clocks leave out all may."""
        lane, position = self._clocks.place(node)
        return lane >= self._clocks.kept or known.get(lane, 0) >= position

    def _along(self, node: int, target: int) -> list[Hop]:
        if node == target:
            return []
        nodes = self._graph.chain_nodes[self._chain(node)]
        return [Hop(EdgeKind.PROGRAM, target, nodes[self._place_of[node] + 1 : self._place_of[target]])]

    def _chain(self, node: int) -> int:
        return self._graph.chain_of[self._graph.event_of[node]]

    @cached_property
    def _place_of(self) -> Sequence[int]:
        """By node: its place on its chain."""
        places = [0] * len(self._graph.event_of)
        for nodes in self._graph.chain_nodes:
            for place, node in enumerate(nodes):
                places[node] = place
        return places

    @cached_property
    def _edges_from(self) -> Mapping[int, Sequence[Edge]]:
        edges: dict[int, list[Edge]] = {}
        for edge in self._graph.edges:
            edges.setdefault(edge.source, []).append(edge)
        return edges
