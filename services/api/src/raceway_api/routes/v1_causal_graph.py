"""`/api/v1/traces/{id}/causal-graph`: what led to what in a trace, and why one event is before another."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from raceway_api.answer import answer, encode, shows
from raceway_api.cursor import read_cursor
from raceway_api.deps import Given
from raceway_api.graphs import VersionedGraph, read_graph
from raceway_api.parameter import CursorText, Limit, TraceIdText, event_id_of, trace_id_of
from raceway_api.stored import StoredTraces
from raceway_api.v1.causal_graph import GraphCursor, GraphPage, view_page
from raceway_api.v1.why import WhyView, view_why
from raceway_common.errors import NotFound
from raceway_common.web.error import AnyRequest
from raceway_core.errors import Rejected
from raceway_core.event import EventId

FirstText = Annotated[str, QueryParameter(name="from", description="An event's id")]
SecondText = Annotated[str, QueryParameter(name="to", description="Another event's id")]


@get(
    "/api/v1/traces/{trace_id:str}/causal-graph",
    tags=["Traces v1"],
    summary="The causal graph: nodes, causes first, each with the direct edges that lead to it",
    responses=shows(GraphPage, 400, 404, 413),
)
async def get_causal_graph(
    request: AnyRequest, deps: Given, trace_id: TraceIdText, *, limit: Limit = 500, cursor: CursorText = None
) -> Response[bytes]:
    after = read_cursor(cursor, GraphCursor) if cursor else None
    graph = await read_graph(deps, trace_id_of(trace_id))
    page = await StoredTraces(deps).in_thread(lambda: encode(view_page(graph, after, limit)))
    return answer(request, page)


@get(
    "/api/v1/traces/{trace_id:str}/causal-graph/path",
    tags=["Traces v1"],
    summary="Why one event is before another; of concurrent ones, what both follow",
    responses=shows(WhyView, 400, 404, 413),
)
async def get_path(
    request: AnyRequest, deps: Given, trace_id: TraceIdText, *, first: FirstText, second: SecondText
) -> Response[bytes]:
    mine, theirs = event_id_of(first, "from"), event_id_of(second, "to")
    if mine == theirs:
        raise Rejected(f"from and to: both are event {mine}; name two different events")
    graph = await read_graph(deps, trace_id_of(trace_id))
    for event_id in (mine, theirs):
        _check_known(graph, event_id)
    view = await StoredTraces(deps).in_thread(lambda: encode(view_why(graph, mine, theirs)))
    return answer(request, view)


def _check_known(graph: VersionedGraph, event_id: EventId) -> None:
    if not graph.causality.knows(event_id):
        raise NotFound(f"trace {graph.trace_id} has no event {event_id[:60]!r}")


HANDLERS = (get_causal_graph, get_path)
