"""The tree of intervals: which interval event is directly inside which.

The span of an event is the innermost interval among its ancestors; the events between, which have no
duration, do not matter, unless a tracer called them spans. Parents alone decide, so the tree reaches
over threads and processes.
"""

from __future__ import annotations

from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import Span
from raceway_core.graph.event_table import NONE
from raceway_core.graph.parent_order import parents_first


class SpanTree(NamedTuple):
    """`above` is by event its span or NONE, `root` the event that its parents lead to.

    `children` are the intervals directly inside one, the one that began first in front; those
    inside none stand under the root event that they descend from, or are it.
    """

    above: list[int]
    root: list[int]
    children: dict[int, list[int]]


def span_tree(graph: CausalGraph) -> SpanTree:
    """Return the tree. Time: O(n log n)."""
    count = len(graph.events)
    above, root = [NONE] * count, list(range(count))
    begins, finishes, parents = graph.begins_ns, graph.finishes_ns, graph.parents
    points = {event for event in graph.payloads.numbers(Span) if finishes[event] == begins[event]}
    for event in parents_first(parents):
        parent = parents[event]
        if parent != NONE:
            root[event] = root[parent]
            is_span = finishes[parent] > begins[parent] or parent in points
            above[event] = parent if is_span else above[parent]
    children: dict[int, list[int]] = {}
    intervals = [event for event in range(count) if finishes[event] > begins[event] and root[event] != event]
    for event in sorted(intervals, key=lambda event: (begins[event], event)):
        holder = above[event] if above[event] != NONE else root[event]
        children.setdefault(holder, []).append(event)
    return SpanTree(above, root, children)
