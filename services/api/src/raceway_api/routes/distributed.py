"""What crosses services, in one trace and in all, in the original's shape."""

from __future__ import annotations

from litestar import Response, get

from raceway_api.answer import answer, enveloped, shows_enveloped
from raceway_api.deps import Given
from raceway_api.original.breakdown import DistributedView, view_distributed
from raceway_api.original.distributed import MOST_PAIRS, EdgesView, view_edges
from raceway_api.original.trace import DependenciesView, view_dependencies
from raceway_api.parameter import TraceIdText, trace_id_of
from raceway_api.stored import StoredTraces
from raceway_common.ports.trace_store import Section
from raceway_common.web.error import AnyRequest


@get(
    "/api/distributed/edges",
    tags=["Services"],
    summary="Which service calls which, by what and how often",
    responses=shows_enveloped(EdgesView),
)
async def list_edges(request: AnyRequest, deps: Given) -> Response[bytes]:
    pairs, total = await deps.traces.service_calls(limit=MOST_PAIRS)
    return answer(request, enveloped(view_edges(pairs, total)))


@get(
    ["/traces/{trace_id:str}/dependencies", "/api/traces/{trace_id:str}/dependencies"],
    tags=["Traces"],
    summary="Which services took part in a trace, and who called whom",
    responses=shows_enveloped(DependenciesView, 400, 404),
)
async def get_dependencies(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id))
    return answer(request, enveloped(view_dependencies(stored)))


@get(
    "/traces/{trace_id:str}/analysis/distributed",
    tags=["Traces"],
    summary="A trace by services: their work, the critical path, the races",
    responses=shows_enveloped(DistributedView, 400, 404),
)
async def get_distributed(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    known = trace_id_of(trace_id)
    traces = StoredTraces(deps)
    stored = await traces.read(
        known, Section.RACES, Section.CRITICAL_PATHS, Section.SELF_TIMES, with_events=True
    )
    return answer(request, await traces.in_thread(lambda: enveloped(view_distributed(stored))))


HANDLERS = (list_edges, get_dependencies, get_distributed)
