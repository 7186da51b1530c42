"""The critical path: what fixed the duration of a trace, as a partition of its time.

There is one path for each root: an event whose parent is absent and that nothing else caused. It
covers the root's own interval, or that of the chain which the root begins; a root that is all its
chain recorded stands for what descends from it, and who consumes a message begins anew. Every
nanosecond of a path belongs to exactly one segment.

Where events say who waited for whom (spawns, awaits, messages, clocks) the path follows these causes
(`raceway_core.path.causal_walk`), else it goes down the tree of intervals (`raceway_core.path.span_walk`).
Spans of a tracer say what contained what, also where they are linked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph, Edge, EdgeKind
from raceway_core.event import Span
from raceway_core.graph.event_table import NONE
from raceway_core.path.causal_walk import CausalWalk
from raceway_core.path.operation import location_of, operation_of
from raceway_core.path.span_tree import SpanTree, span_tree
from raceway_core.path.span_walk import SpanWalk
from raceway_core.path.stretch import Stretch, Trail
from raceway_core.result import CriticalPath, Segment

_SAY_NOTHING_OF_WAITING = frozenset({EdgeKind.PARENT, EdgeKind.RETURN, EdgeKind.LINK})
_ARE_NO_CAUSES = frozenset({EdgeKind.MESSAGE, EdgeKind.LINK})
"""Edges to what begins a path all the same."""


class Root(NamedTuple):
    """An event that begins a path, and the node at which the path ends."""

    event: int
    last: int


def critical_paths_of(graph: CausalGraph, tree: SpanTree | None = None) -> tuple[CriticalPath, ...]:
    """Return the path of each root, by when it starts.

    Time: O(n log n), if paths of different roots do not lead through the same chains.
    """
    tree = tree or span_tree(graph)
    walk = _walk_of(graph, tree)
    paths = []
    for root, last in roots_of(graph, tree):
        start_ns = graph.begins_ns[root]
        end_ns = max(start_ns, graph.time_ns(last))
        trail = Trail(start_ns, end_ns)
        walk(root, last, trail)
        segments = tuple(_segment(graph, stretch) for stretch in trail.forwards())
        root_id = graph.events[root].id
        paths.append(CriticalPath(root_id=root_id, start_ns=start_ns, end_ns=end_ns, segments=segments))
    return tuple(sorted(paths, key=lambda path: (path.start_ns, path.root_id)))


def are_spans(graph: CausalGraph) -> bool:
    """Whether events say what contained what, and nothing about waiting."""
    return graph.has_intervals and not any(_tells_of_waiting(graph, edge) for edge in graph.edges)


def _walk_of(graph: CausalGraph, tree: SpanTree) -> Callable[[int, int, Trail], None]:
    if are_spans(graph):
        return SpanWalk(graph, tree).walk
    return CausalWalk(graph).walk


def _tells_of_waiting(graph: CausalGraph, edge: Edge) -> bool:
    return edge.kind not in _SAY_NOTHING_OF_WAITING and not (
        edge.kind is EdgeKind.RESPONSE and isinstance(graph.payloads[graph.event_of[edge.target]], Span)
    )


def roots_of(graph: CausalGraph, tree: SpanTree) -> list[Root]:
    """Return the intervals that nothing caused, and the points of which that is true of the chain.

    A parent that comes later on the same chain caused nothing.
    """
    starts, ends, chain_of = graph.starts, graph.ends, graph.chain_of
    caused = {edge.target for edge in graph.edges if edge.kind not in _ARE_NO_CAUSES}
    firsts = {graph.event_of[nodes[0]] for nodes in graph.chain_nodes}
    free = [
        event
        for event, parent in enumerate(graph.parents)
        if starts[event] not in caused
        and (parent == NONE or (event in firsts and chain_of[parent] == chain_of[event]))
    ]
    spans = set(graph.payloads.numbers(Span))
    roots = [Root(event, ends[event]) for event in free if starts[event] != ends[event] or event in spans]
    begun = {chain_of[root.event] for root in roots}
    roots += [
        Root(event, _last(graph, tree, event))
        for event in free
        if event in firsts and chain_of[event] not in begun
    ]
    first = graph.event_of[graph.order[0]]
    return roots or [Root(first, _last(graph, tree, first))]


def _last(graph: CausalGraph, tree: SpanTree, root: int) -> int:
    chain = graph.chain_nodes[graph.chain_of[root]]
    if chain[-1] != graph.starts[root]:
        return chain[-1]
    below = (event for event, top in enumerate(tree.root) if top == root)
    return graph.ends[max(below, key=lambda event: (graph.finishes_ns[event], -event), default=root)]


def _segment(graph: CausalGraph, stretch: Stretch) -> Segment:
    event, payload = graph.events[stretch.event], graph.payloads[stretch.event]
    return Segment(
        event_id=event.id,
        span_id=event.metadata.distributed_span_id or event.id,
        operation=operation_of(payload),
        kind=type(payload).__name__,
        service=event.metadata.service_name,
        label=stretch.label,
        location=location_of(payload),
        start_ns=stretch.start_ns,
        end_ns=stretch.end_ns,
    )
