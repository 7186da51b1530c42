"""Cycles: contradictions in what was sent, reported and broken.

Events that each lead to the next and the last back to the first cannot all have told the truth.
Within each strongly connected component the edges of the lowest trust are taken out, until none is
left: sent clocks are trusted least, then links between spans, assumed returns and parents, and
spawns and awaits most. The order within a chain is never touched.

Source: Tarjan 1972 (strongly connected components), here without recursion.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from raceway_core.graph.edge import Edge, EdgeKind
from raceway_core.graph.layout import Layout

_TRUST = {
    EdgeKind.CLOCK: 0,
    EdgeKind.REQUEST: 1,
    EdgeKind.RESPONSE: 1,
    EdgeKind.MESSAGE: 1,
    EdgeKind.LINK: 1,
    EdgeKind.RETURN: 1,
    EdgeKind.PARENT: 2,
    EdgeKind.LOCK: 2,
    EdgeKind.SPAWN: 3,
    EdgeKind.AWAIT: 3,
    EdgeKind.PROGRAM: 4,
}


def break_cycles(layout: Layout, edges: Sequence[Edge]) -> tuple[Sequence[Edge], list[list[int]]]:
    """Return the edges that are left, and the events of each cycle that there was, sorted.

    Time: O(nodes + edges) for each level of trust.
    """
    found: list[list[int]] = []
    while components := _knots(layout.chain_nodes, edges):
        found = found or components
        knot_of = {node: number for number, knot in enumerate(components) for node in knot}
        lowest: dict[int, int] = {}
        for edge in edges:
            knot = knot_of.get(edge.source)
            if knot is not None and knot == knot_of.get(edge.target):
                lowest[knot] = min(lowest.get(knot, 9), _TRUST[edge.kind])
        edges = [
            edge
            for edge in edges
            if edge.source not in knot_of
            or knot_of[edge.source] != knot_of.get(edge.target)
            or _TRUST[edge.kind] > lowest[knot_of[edge.source]]
        ]
    event_of = layout.nodes.event_of
    return edges, [sorted({event_of[node] for node in knot}) for knot in found]


def _knots(chain_nodes: Sequence[Sequence[int]], edges: Sequence[Edge]) -> list[list[int]]:
    """Return the strongly connected components of more than one node."""
    successors: dict[int, list[int]] = {}
    for nodes in chain_nodes:
        for node, after in pairwise(nodes):
            successors[node] = [after]
    for edge in edges:
        successors.setdefault(edge.source, []).append(edge.target)
    return knots_of(successors)


def knots_of(successors: dict[int, list[int]]) -> list[list[int]]:
    """Return the strongly connected components of more than one node, each sorted. Time: O(size)."""
    search = _Tarjan(successors)
    for node in sorted(successors):
        search.visit(node)
    return search.knots


class _Tarjan:
    def __init__(self, successors: dict[int, list[int]]) -> None:
        self._successors = successors
        self._index: dict[int, int] = {}
        self._low: dict[int, int] = {}
        self._stack: list[int] = []
        self._on_stack: set[int] = set()
        self.knots: list[list[int]] = []

    def visit(self, root: int) -> None:
        """Find the components that are reachable from `root` and not yet found."""
        if root in self._index:
            return
        path = [(root, iter(self._enter(root)))]
        while path:
            node, rest = path[-1]
            for successor in rest:
                if successor not in self._index:
                    path.append((successor, iter(self._enter(successor))))
                    break
                if successor in self._on_stack:
                    self._low[node] = min(self._low[node], self._index[successor])
            else:
                path.pop()
                self._leave(node)
                if path:
                    above = path[-1][0]
                    self._low[above] = min(self._low[above], self._low[node])

    def _enter(self, node: int) -> list[int]:
        self._index[node] = self._low[node] = len(self._index)
        self._stack.append(node)
        self._on_stack.add(node)
        return self._successors.get(node, [])

    def _leave(self, node: int) -> None:
        if self._low[node] != self._index[node]:
            return
        knot: list[int] = []
        while not knot or knot[-1] != node:
            knot.append(self._stack.pop())
            self._on_stack.discard(knot[-1])
        if len(knot) > 1:
            self.knots.append(sorted(knot))
