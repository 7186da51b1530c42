"""Segments: stretches of a chain that learn nothing new from other chains.

Only a node with an edge from another chain carries news, so a clock is kept per segment: a new one
begins at each such node.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from raceway_core.graph.edge import Edge
from raceway_core.graph.event_table import NONE


class Segments(NamedTuple):
    """`of_node[v]` is a node's segment, the others are by segment.

    `firsts` is its first node, `befores` the segment before it on its chain or NONE, and `sources`
    are the nodes of other chains that lead to its first node.
    """

    of_node: list[int]
    chains: list[int]
    firsts: list[int]
    befores: list[int]
    sources: list[Sequence[int]]


def segments_of(chain_nodes: Sequence[Sequence[int]], edges: Iterable[Edge], nodes: int) -> Segments:
    """Cut the chains at the targets of `edges`. Time: O(nodes + edges)."""
    incoming: dict[int, list[int]] = {}
    for source, target, _ in edges:
        incoming.setdefault(target, []).append(source)
    segments = Segments([NONE] * nodes, [], [], [], [])
    of_node, chains, firsts, befores, sources = segments
    for chain, members in enumerate(chain_nodes):
        current = NONE
        for node in members:
            if current == NONE or node in incoming:
                befores.append(current)
                current = len(chains)
                chains.append(chain)
                firsts.append(node)
                sources.append(incoming.get(node, ()))
            of_node[node] = current
    return segments
