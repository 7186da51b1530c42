"""Causal graphs for `/api/v1`: nodes in a linear extension, each with the direct edges that lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from raceway_api.cursor import write_cursor
from raceway_api.graphs import VersionedGraph
from raceway_core.event import EventId, TraceId
from raceway_core.graph.edge import EdgeKind
from raceway_core.moment import Phase
from raceway_core.moment_view import MomentView, view_moment

if TYPE_CHECKING:
    from raceway_core.graph_window import NamedEdge, NodeName, PlacedNode


class NodeItem(MomentView, frozen=True, kw_only=True):
    """One node: an event without a duration, or the start or the end of one.

    `id` is that of the event, with `:start` or `:end` behind it where there are two. A clock that has at
    least `position` at `lane` follows this node; `chain` names what ran it.
    """

    id: str
    lane: int
    position: int
    chain: str


class EdgeItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A direct edge between nodes. `assumed` where it rests on wall time and not on what was recorded."""

    source: str
    target: str
    kind: EdgeKind
    assumed: bool


class GraphPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some nodes, causes first, and all edges to them: from one another, or from earlier pages.

    `total_events`, `total_nodes` and `lanes` are of the whole trace.
    """

    trace_id: TraceId
    version: int
    total_events: int
    total_nodes: int
    lanes: int
    nodes: list[NodeItem]
    edges: list[EdgeItem]
    next_cursor: str | None


class GraphCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last node of a page, and its place, which moves when earlier events arrive late."""

    place: int
    event_id: EventId
    phase: Phase


def view_page(graph: VersionedGraph, after: GraphCursor | None, limit: int) -> GraphPage:
    """Return up to `limit` nodes of a graph after the cursor. Time: O(limit and edges), O(n) once."""
    from raceway_core.graph_window import NodeName  # loads numpy, and few ask

    causality = graph.causality
    start = 0
    if after is not None:
        start = causality.windows.place_after(NodeName(after.event_id, after.phase), after.place)
    window = causality.windows.window(start, limit)
    end = start + len(window.nodes)
    more = window.nodes and end < causality.node_count
    return GraphPage(
        trace_id=graph.trace_id,
        version=graph.version,
        total_events=causality.event_count,
        total_nodes=causality.node_count,
        lanes=causality.lane_count,
        nodes=[_view_node(node) for node in window.nodes],
        edges=[_view_edge(edge) for edge in window.edges],
        next_cursor=write_cursor(GraphCursor(end - 1, *window.nodes[-1].name)) if more else None,
    )


def _view_node(node: PlacedNode) -> NodeItem:
    return NodeItem(
        **msgspec.structs.asdict(view_moment(node.moment)),
        id=_id_of(node.name),
        lane=node.lane,
        position=node.position,
        chain=node.chain,
    )


def _view_edge(edge: NamedEdge) -> EdgeItem:
    return EdgeItem(
        source=_id_of(edge.source),
        target=_id_of(edge.target),
        kind=edge.kind,
        assumed=edge.kind is EdgeKind.RETURN,
    )


def _id_of(name: NodeName) -> str:
    return name.event_id if name.phase is Phase.POINT else f"{name.event_id}:{name.phase.value}"
