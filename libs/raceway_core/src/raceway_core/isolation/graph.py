"""The dependency graph: which transaction has to come before which, and why.

Nodes are transactions. Where many readers of one version meet many writers that overwrote it, a
*hub* stands between them, so that the edges are readers plus writers and not their product; an edge
into a hub is followed by one of the hub's own, and the two are one dependency.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import NamedTuple


class EdgeKind(IntEnum):
    """Why one comes first. DERIVED is a ww edge that only causal consistency or more implies."""

    SO = 0
    WR = 1
    WW = 2
    DERIVED = 3
    RW = 4


def flags_of(kinds: Collection[EdgeKind]) -> list[bool]:
    """Return by number whether a kind is one of `kinds`: faster than their set, which hashes in Python."""
    return [kind in kinds for kind in EdgeKind]


class Edge(NamedTuple):
    """`is_derived` tells of an rw edge that the order of the two writes was derived, not seen."""

    target: int
    kind: EdgeKind
    key: str | None = None
    is_derived: bool = False


class Step(NamedTuple):
    """An edge with where it starts, hubs left out."""

    source: int
    edge: Edge


class Graph:
    """Transactions `0..size-1`, then hubs. `out[node]` are the edges that leave a node."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.out: list[list[Edge]] = [[] for _ in range(size)]

    def add(self, source: int, edge: Edge) -> None:
        """Add an edge. An edge from a transaction to itself says nothing and is left out."""
        if source != edge.target:
            self.out[source].append(edge)

    def connect(self, readers: Collection[int], edges: Sequence[Edge]) -> None:
        """Add each of `edges` to each reader that it does not lead to. Time: O(readers + edges)."""
        if len(readers) >= _FEW <= len(edges):
            hub = Edge(len(self.out), edges[0].kind, edges[0].key)
            self.out.append(list(edges))
            edges = [hub]
        for reader in readers:
            self.out[reader] += [edge for edge in edges if edge.target != reader]

    def successors(self, kinds: Collection[EdgeKind]) -> list[list[int]]:
        """Return the targets by node, of edges of some kinds. Time: O(nodes + edges)."""
        is_wanted = flags_of(kinds)
        return [[edge.target for edge in edges if is_wanted[edge.kind]] for edges in self.out]


_FEW = 4
