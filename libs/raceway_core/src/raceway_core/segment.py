"""Segments: stretches of a chain that learn nothing new from other chains.

Only a node with an edge from another chain carries news, so a clock is kept per segment: a new one
begins at each such node. Segments in topological order are what clocks are computed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

import msgspec

from raceway_core.causal_graph import CausalGraph
from raceway_core.edge import Edge


class Segments(msgspec.Struct, frozen=True):
    """`of_node[v]` is a node's segment; `chain`, `sources` and `follows` are by segment.

    `sources` are the nodes of other chains that lead to its first node; `follows` is the segment
    before it on its chain, or -1.
    """

    of_node: list[int]
    chain: list[int]
    first: list[int]
    follows: list[int]
    sources: list[list[int]]


def segments_of(graph: CausalGraph, edges: Iterable[Edge]) -> Segments:
    """Cut the chains at the targets of `edges`. Time: O(nodes + edges)."""
    incoming: dict[int, list[int]] = {}
    for source, target, _ in edges:
        incoming.setdefault(target, []).append(source)
    segments = Segments([0] * len(graph.event_of), [], [], [], [])
    of_node = segments.of_node
    for chain, nodes in enumerate(graph.chain_nodes):
        current = -1
        for node in nodes:
            if current < 0 or node in incoming:
                segments.follows.append(current)
                current = len(segments.chain)
                segments.chain.append(chain)
                segments.first.append(node)
                segments.sources.append(incoming.get(node, []))
            of_node[node] = current
    return segments


def topological(segments: Segments) -> list[int]:
    """Return the segments so that causes come first, ties by first node; cycles are left out."""
    successors: list[list[int]] = [[] for _ in segments.chain]
    waiting = [0] * len(segments.chain)
    for segment, sources in enumerate(segments.sources):
        causes = [segments.of_node[source] for source in sources]
        if segments.follows[segment] >= 0:
            causes.append(segments.follows[segment])
        waiting[segment] = len(causes)
        for cause in causes:
            successors[cause].append(segment)
    ready = [(segments.first[segment], segment) for segment, count in enumerate(waiting) if not count]
    return _drain(ready, successors, waiting, segments.first)


def _drain(
    ready: list[tuple[int, int]], successors: list[list[int]], waiting: list[int], first: Sequence[int]
) -> list[int]:
    heapify(ready)
    order = []
    while ready:
        _, segment = heappop(ready)
        order.append(segment)
        for successor in successors[segment]:
            waiting[successor] -= 1
            if not waiting[successor]:
                heappush(ready, (first[successor], successor))
    return order
