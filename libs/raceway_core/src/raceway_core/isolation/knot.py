"""Where the cycles of a dependency graph are: its components under each choice of edges.

Most histories have none, so each is found when it is asked for, and none but the first if that has none.
The others are looked for inside the components of the first only: a knot is seldom all of a history.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from raceway_core.component import components_of, members_of
from raceway_core.isolation.graph import Edge, EdgeKind, Graph, flags_of

SO, WR, WW, DERIVED, RW = EdgeKind
WRITES = frozenset({SO, WW})
READS = frozenset({SO, WR, WW})
CERTAIN = frozenset({SO, WR, WW, DERIVED})
ALL = frozenset(EdgeKind)


class Knots:
    """Components by node: equal numbers are one component. The graph is complete when it is asked."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def of_all(self) -> list[int]:
        """The components under all edges."""
        return components_of(self.graph.successors(ALL))

    @cached_property
    def are_any(self) -> bool:
        """Whether there is a cycle at all."""
        return self._has_cycle(self.of_all)

    @cached_property
    def of_writes(self) -> list[int]:
        """The components under session order and ww."""
        return components_of(self.successors(WRITES))

    @cached_property
    def of_reads(self) -> list[int]:
        """The components under session order, ww and wr."""
        return components_of(self.successors(READS))

    @cached_property
    def has_read_cycle(self) -> bool:
        """Whether there is a cycle without rw."""
        return self.are_any and self._has_cycle(self.of_reads)

    def successors(self, kinds: Collection[EdgeKind]) -> list[list[int]]:
        """Return the targets by node, of those edges of some kinds that may be on a cycle."""
        is_wanted = flags_of(kinds)
        return [[edge.target for edge in edges if is_wanted[edge.kind]] for edges in self.tied]

    @cached_property
    def tied(self) -> list[list[Edge]]:
        """The edges by node, without those that leave a component; none where there is no cycle."""
        if not self.are_any:
            return [[]] * len(self.graph.out)
        component = self.of_all
        is_tied = [False] * len(self.graph.out)
        for members in members_of(component):
            for node in members:
                is_tied[node] = True
        return [
            [edge for edge in edges if component[edge.target] == home] if tied else []
            for edges, home, tied in zip(self.graph.out, component, is_tied, strict=True)
        ]

    def _has_cycle(self, component: list[int]) -> bool:
        """Whether two transactions are in one component; a hub and one transaction are no cycle."""
        return any(members[1] < self.graph.size for members in members_of(component))

    @cached_property
    def of_apart(self) -> list[int]:
        """The components of the graph in which no two rw edges follow each other.

        Its node `missed(n)` is n as reached by rw, `n` as reached by another edge, or a hub.
        """
        size, shift = self.graph.size, len(self.graph.out)
        tied = self.tied
        nodes = [
            [self.missed(edge.target) if edge.kind is RW else edge.target for edge in edges]
            for edges in tied[:size]
        ]
        hubs = [[edge.target + (shift if edge.kind is RW else 0) for edge in edges] for edges in tied[size:]]
        after = [[edge.target for edge in edges if edge.kind is not RW] for edges in tied[:size]]
        return components_of([*nodes, *hubs, *after])

    def missed(self, node: int) -> int:
        """Return the node of `of_apart` to which a rw edge to `node` leads."""
        return node if node >= self.graph.size else node + len(self.graph.out)

    def is_apart(self, source: int, target: int) -> bool:
        """Whether the rw edge from `source` to `target` is on a cycle of rw edges kept apart."""
        return self.of_apart[source] == self.of_apart[self.missed(target)]
