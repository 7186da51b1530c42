"""`/api/v1/services`, the graph of them, and `/api/v1/hotspots`."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from raceway_api.answer import answer, encode, shows
from raceway_api.cursor import read_cursor
from raceway_api.deps import Given
from raceway_api.original.distributed import MOST_PAIRS
from raceway_api.parameter import CursorText, Limit, ServicePath, name_of, service_of
from raceway_api.v1.hotspot import Hotspots, view_hotspots
from raceway_api.v1.service import (
    GraphView,
    ServiceCursor,
    ServiceDetail,
    ServiceList,
    read_calls,
    view_graph,
    view_service,
    view_services,
)
from raceway_common.errors import NotFound
from raceway_common.ports.trace_store import VariableFilter, VariableOrder
from raceway_common.web.error import AnyRequest

Name = Annotated[str | None, QueryParameter(description="Only the service of this name, whatever it is")]


@get("/api/v1/services", tags=["Services v1"], summary="Services by name", responses=shows(ServiceList, 400))
async def list_services(
    request: AnyRequest, deps: Given, *, name: Name = None, limit: Limit = 200, cursor: CursorText = None
) -> Response[bytes]:
    after = read_cursor(cursor, ServiceCursor) if cursor else None
    wanted = None if name is None else name_of(name, "name")
    rows = [row for row in await deps.traces.services() if wanted in {None, row.name}]
    return answer(request, encode(view_services(rows, limit=limit, after=after)))


@get(
    "/api/v1/services/graph",
    tags=["Services v1"],
    summary="Services by level, calls between them, cycles, and what they share",
    responses=shows(GraphView),
)
async def get_graph(request: AnyRequest, deps: Given) -> Response[bytes]:
    pairs, total = await deps.traces.service_calls(limit=MOST_PAIRS)
    shared = await deps.traces.shared_variables(limit=MOST_PAIRS)
    services = await deps.traces.services()
    return answer(request, encode(view_graph(services, await read_calls(deps.traces, pairs), total, shared)))


@get(
    ["/api/v1/services/{name:str}", "/api/v1/services/{name:str}/calls"],
    tags=["Services v1"],
    summary="One service, whom it calls and who calls it",
    description=(
        "`/api/v1/services/graph` is the graph of all. A service of that name is found, as any is, at "
        "`/api/v1/services/graph/calls`, and in the list by `?name=graph`."
    ),
    responses=shows(ServiceDetail, 400, 404),
)
async def get_service(request: AnyRequest, deps: Given, name: ServicePath) -> Response[bytes]:
    wanted = service_of(request)
    row = next((row for row in await deps.traces.services() if row.name == wanted), None)
    if row is None:
        raise NotFound(f"no service {wanted[:60]!r} took part in a trace")
    called, callers = await deps.traces.calls_around(wanted, limit=MOST_PAIRS)
    view = ServiceDetail(
        service=view_service(row),
        calls_to=await read_calls(deps.traces, called),
        called_by=await read_calls(deps.traces, callers),
    )
    return answer(request, encode(view))


@get(
    "/api/v1/hotspots",
    tags=["Services v1"],
    summary="The most contended variables and the most frequent calls",
    responses=shows(Hotspots, 400),
)
async def list_hotspots(request: AnyRequest, deps: Given, *, limit: Limit = 20) -> Response[bytes]:
    raced = await deps.traces.variables(VariableFilter(), limit=limit, after=None)
    by_accesses = VariableFilter(order=VariableOrder.ACCESSED)
    accessed = await deps.traces.variables(by_accesses, limit=limit, after=None)
    pairs, _ = await deps.traces.service_calls(limit=limit)
    return answer(request, encode(view_hotspots(raced, accessed, await read_calls(deps.traces, pairs))))


HANDLERS = (list_services, get_graph, get_service, list_hotspots)
