"""Self time: how long an operation ran while none of the operations inside it did."""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.path.span_tree import SpanTree, span_tree
from raceway_core.result import SelfTime


def self_times_of(graph: CausalGraph, tree: SpanTree | None = None) -> tuple[SelfTime, ...]:
    """Return for each event with a duration its interval minus the union of its children's.

    Time: O(n log n), O(1) where no event has a duration.
    """
    if not graph.has_intervals:
        return ()
    children = (tree or span_tree(graph)).children
    return tuple(
        SelfTime(graph.events[event].id, _self_ns(graph, event, children.get(event, ())))
        for event in range(len(graph.events))
        if graph.finishes_ns[event] > graph.begins_ns[event]
    )


def _self_ns(graph: CausalGraph, event: int, children: Sequence[int]) -> int:
    """Sweep over the children, which are in the order of their begins."""
    cursor, end = graph.begins_ns[event], graph.finishes_ns[event]
    own = 0
    for child in children:
        begin, finish = graph.begins_ns[child], min(graph.finishes_ns[child], end)
        own += max(0, min(begin, end) - cursor)
        cursor = max(cursor, finish)
    return own + end - cursor
