"""What crosses services, in one trace and in all, in the original's shape."""

from __future__ import annotations

from litestar import Response, get

from raceway_api.answer import answer, cached, enveloped, shows_enveloped
from raceway_api.deps import Given
from raceway_api.original.breakdown import DistributedView, view_distributed
from raceway_api.original.distributed import MOST_PAIRS, EdgesView, view_edges
from raceway_api.original.global_race import (
    MOST_LISTED,
    MOST_LOOKED_AT,
    GlobalRacesView,
    global_races,
    names_in,
    view_global_races,
)
from raceway_api.original.hotspot import MOST_HOTSPOTS, HotspotsView, view_hotspots
from raceway_api.original.trace import DependenciesView, view_dependencies
from raceway_api.parameter import TraceIdText, trace_id_of
from raceway_api.stored import StoredTraces
from raceway_common.ports.trace_store import Section, VariableFilter, VariableOrder
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
    "/api/distributed/hotspots",
    tags=["Services"],
    summary="The most accessed variables and the most frequent calls",
    responses=shows_enveloped(HotspotsView),
)
async def list_hotspots(request: AnyRequest, deps: Given) -> Response[bytes]:
    most_accessed = VariableFilter(order=VariableOrder.ACCESSED)
    variables = await deps.traces.variables(most_accessed, limit=MOST_HOTSPOTS, after=None)
    pairs, _ = await deps.traces.service_calls(limit=MOST_HOTSPOTS)
    return answer(request, enveloped(view_hotspots(variables, pairs)))


@get(
    "/api/distributed/global-races",
    tags=["Races"],
    summary="Races between traces, one entry per fault, strongest first",
    responses=shows_enveloped(GlobalRacesView),
)
async def list_global_races(request: AnyRequest, deps: Given) -> Response[bytes]:
    async def build() -> bytes:
        found = global_races(await deps.findings.page(limit=MOST_LOOKED_AT, after=None))
        accesses = await deps.traces.access_counts(names_in(found[:MOST_LISTED]))
        return enveloped(view_global_races(found, accesses))

    version = await deps.findings.version()
    return answer(request, await cached(deps.cache, f"global-races/{deps.started_ns}", version, build))


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


HANDLERS = (list_edges, list_hotspots, list_global_races, get_dependencies, get_distributed)
