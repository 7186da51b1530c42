"""Linear extensions: all nodes in one sequence in which every cause comes before its effects.

Of the nodes that could come next the one with the smallest number does, which is the earliest; so
the sequence stays as near to wall time as causality allows, and depends on nothing else.

Source: Kahn 1962 (topological sorting).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice, pairwise
from operator import lt

from raceway_core.graph.edge import Edge


def leads_ahead(chain_nodes: Iterable[Sequence[int]], edges: Iterable[Edge]) -> bool:
    """Whether the order of the node numbers is a linear extension. Time: O(nodes + edges)."""
    return all(source < target for source, target, _ in edges) and all(
        all(map(lt, nodes, islice(nodes, 1, None))) for nodes in chain_nodes
    )


def linear_extension(
    chain_nodes: Sequence[Sequence[int]], edges: Iterable[Edge], optional: Iterable[Edge] = ()
) -> tuple[list[int], set[Edge]]:
    """Return the nodes in order, and the edges of `optional` that contradict it.

    Only edges on a cycle are left out, and none that would fit in the end. What is on a cycle of
    other edges, or behind one, is not in the order.

    Time: O(n log n), and O(n) more for each edge left out.
    """
    sort = _Sort(chain_nodes, edges, set(optional))
    while not sort.is_done and sort.advance():
        pass
    if not sort.dropped:
        return sort.order, set()
    place_of = {node: place for place, node in enumerate(sort.order)}
    contrary = {edge for edge in sort.dropped if place_of[edge.target] <= place_of[edge.source]}
    return sort.order, contrary


class _Sort:
    def __init__(
        self, chain_nodes: Sequence[Sequence[int]], edges: Iterable[Edge], optional: set[Edge]
    ) -> None:
        size = sum(map(len, chain_nodes))
        self.order: list[int] = []
        self.dropped: set[Edge] = set()
        self._optional = optional
        self._waiting = [0] * size
        self._successors: list[list[int]] = [[] for _ in range(size)]
        for nodes in chain_nodes:
            for node, after in pairwise(nodes):
                self._link(node, after)
        for source, target, _ in (*edges, *optional):
            self._link(source, target)
        self._ready = [node for node, count in enumerate(self._waiting) if not count]
        heapify(self._ready)

    @property
    def is_done(self) -> bool:
        return len(self.order) == len(self._waiting)

    def _link(self, node: int, after: int) -> None:
        self._successors[node].append(after)
        self._waiting[after] += 1

    def advance(self) -> bool:
        """Take all nodes that can come next; where there are none, drop an optional edge."""
        if not self._ready and not self._drop():
            return False
        while self._ready:
            node = heappop(self._ready)
            self.order.append(node)
            for after in self._successors[node]:
                self._release(after)
        return True

    def _release(self, node: int) -> None:
        self._waiting[node] -= 1
        if not self._waiting[node]:
            heappush(self._ready, node)

    def _drop(self) -> bool:
        left = self._optional - self.dropped
        on_cycle = self._cycle()
        steps = set(pairwise([*on_cycle, on_cycle[0]]))
        closing = [edge for edge in left if (edge.source, edge.target) in steps]
        if not closing:
            return False
        edge = max(closing, key=lambda edge: (edge.target, edge.source, edge.kind.value))
        self.dropped.add(edge)
        self._successors[edge.source].remove(edge.target)
        self._release(edge.target)
        return True

    def _cycle(self) -> list[int]:
        """Return the nodes of one cycle, in the direction of its edges."""
        blocked = {node for node, count in enumerate(self._waiting) if count}
        cause: dict[int, int] = {}
        for node in sorted(blocked):
            for after in self._successors[node]:
                if after in blocked:
                    cause.setdefault(after, node)
        node, path = min(blocked), dict[int, None]()
        while node not in path:
            path[node] = None
            node = cause[node]
        nodes = list(path)
        return nodes[nodes.index(node) :][::-1]
