"""The nearest common ancestor of two events: the last thing that both of them follow.

A moment leads to both events iff the clocks of both beginnings know its position. So on each lane the
smaller of the two positions known is the last moment that leads to both:

    clock of one      a 7   b 2   c 5
    clock of other    a 4         c 9
    known to both     a 4         c 5      the later one of a4 and c5 is the ancestor

Of those the one that comes last in the linear extension is the nearest: no other common ancestor
follows it. It may be the beginning of one of the two itself, if the other began inside it.

Source: Mattern 1989 (the greatest lower bound of two clocks is their component-wise minimum).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.evidence import moment_of
from raceway_core.moment import Moment


class Ancestors:
    """Finds the common ancestors of events of one graph, by its C-clocks."""

    def __init__(self, graph: CausalGraph, clocks: Clocks) -> None:
        self._graph = graph
        self._clocks = clocks
        self._moments: dict[int, Moment] = {}

    def shown(self, first: int, second: int) -> Moment | None:
        """Return the nearest common ancestor for a reader, None if nothing leads to both."""
        node = self.nearest(first, second)
        if node is None:
            return None
        moment = self._moments.get(node)
        if moment is None:
            moment = self._moments[node] = moment_of(self._graph, node)
        return moment

    def nearest(self, first: int, second: int) -> int | None:
        """Return the last node that leads to the beginnings of both events, or is one of them.

        Lanes that the clocks do not keep are left out. Time: O(lanes that both know of).
        """
        mine, theirs = self._clocks.known(first), self._clocks.known(second)
        node_at = self._clocks.node_at
        nodes = [node_at(lane, min(mine[lane], theirs[lane])) for lane in mine.keys() & theirs.keys()]
        if len(nodes) > 1:
            return max(nodes, key=self._place_of.__getitem__)
        return nodes[0] if nodes else None

    @cached_property
    def _place_of(self) -> Sequence[int]:
        """By node: its place in the linear extension. Time: O(n) where this is not its number."""
        order = self._graph.order
        if isinstance(order, range):
            return order
        places = [0] * len(order)
        for place, node in enumerate(order):
            places[node] = place
        return places
