"""Causes: what comes directly before each node of a causal graph, and what was going on then."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from raceway_core.causal_graph import CausalGraph, EdgeKind
from raceway_core.graph.event_table import NONE


def before_of(graph: CausalGraph) -> list[int]:
    """Return for each node the one before it on its chain, or NONE. Time: O(nodes)."""
    before = [NONE] * len(graph.event_of)
    for nodes in graph.chain_nodes:
        for first, second in pairwise(nodes):
            before[second] = first
    return before


def incoming_of(graph: CausalGraph) -> dict[int, list[tuple[int, EdgeKind]]]:
    """Return by node the nodes of other chains with an edge to it. Time: O(edges)."""
    incoming: dict[int, list[tuple[int, EdgeKind]]] = {}
    for source, target, kind in graph.edges:
        incoming.setdefault(target, []).append((source, kind))
    return incoming


def innermost(graph: CausalGraph) -> Sequence[int]:
    """Return for each node the event that was open after it: the innermost of its chain, else its own."""
    inside = [NONE] * len(graph.event_of)
    starts, ends, event_of, parents = graph.starts, graph.ends, graph.event_of, graph.parents
    for nodes in graph.chain_nodes:
        open_events: list[int] = []
        for node in nodes:
            event = event_of[node]
            if starts[event] != ends[event]:
                if node == starts[event]:
                    open_events.append(event)
                else:
                    open_events.pop()
                    event = parents[event] if parents[event] != NONE else event
            inside[node] = open_events[-1] if open_events else event
    return inside
