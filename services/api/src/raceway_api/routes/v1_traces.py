"""`/api/v1/traces`."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromQuery

from raceway_api.answer import answer, encode, shows
from raceway_api.cursor import read_cursor
from raceway_api.deps import Given
from raceway_api.original.audit import view_accesses
from raceway_api.parameter import (
    CursorText,
    Limit,
    MinEvents,
    ServiceName,
    TraceIdText,
    VariablePath,
    trace_filter,
    trace_id_of,
    variable_of,
)
from raceway_api.stored import StoredTraces
from raceway_api.v1.event import EventCursor, EventList, view_events
from raceway_api.v1.trace import (
    AuditTrailItem,
    AuditTrails,
    CriticalPaths,
    TraceItem,
    TraceList,
    TraceRaces,
    view_critical_path,
    view_item,
    view_list,
)
from raceway_common.errors import NotFound
from raceway_common.ports.trace_store import Section, TraceCursor
from raceway_common.web.error import AnyRequest
from raceway_core.finding_view import view_example


@get(
    "/api/v1/traces",
    tags=["Traces v1"],
    summary="Analyzed traces, newest last event first",
    responses=shows(TraceList, 400),
)
async def list_traces(
    request: AnyRequest,
    deps: Given,
    *,
    limit: Limit = 50,
    cursor: CursorText = None,
    service: ServiceName = None,
    min_events: MinEvents = 0,
    has_race: FromQuery[bool | None] = None,
) -> Response[bytes]:
    after = read_cursor(cursor, TraceCursor) if cursor else None
    if after:
        after = TraceCursor(after.last_ns, trace_id_of(after.trace_id))
    wanted = trace_filter(min_events, service, has_race=has_race)
    rows = await deps.traces.page(wanted, limit=limit + 1, after=after)
    return answer(request, encode(view_list(rows, limit=limit)))


@get(
    "/api/v1/traces/{trace_id:str}",
    tags=["Traces v1"],
    summary="One analyzed trace: size, services, completeness, clock issues",
    responses=shows(TraceItem, 400, 404),
)
async def get_trace(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    known = trace_id_of(trace_id)
    row = await deps.traces.row(known)
    if row is None:
        raise NotFound(f"no trace {known} is analyzed")
    return answer(request, encode(view_item(row)))


@get(
    "/api/v1/traces/{trace_id:str}/events",
    tags=["Traces v1"],
    summary="Events with their locksets and clocks, parents first, else by time",
    responses=shows(EventList, 400, 404),
)
async def list_events(
    request: AnyRequest, deps: Given, trace_id: TraceIdText, *, limit: Limit = 1000, cursor: CursorText = None
) -> Response[bytes]:
    after = read_cursor(cursor, EventCursor) if cursor else None
    traces = StoredTraces(deps)
    stored = await traces.read(trace_id_of(trace_id), Section.EVENT_NOTES, with_events=True)
    return answer(request, await traces.in_thread(lambda: encode(view_events(stored, after, limit))))


@get(
    "/api/v1/traces/{trace_id:str}/races",
    tags=["Traces v1"],
    summary="The racing pairs inside one trace, strongest first",
    responses=shows(TraceRaces, 400, 404),
)
async def list_races(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id), Section.RACES)
    view = TraceRaces(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        total=stored.row.race_pairs if stored.row else 0,
        races=[view_example(example) for example in stored.races],
    )
    return answer(request, encode(view))


@get(
    "/api/v1/traces/{trace_id:str}/critical-path",
    tags=["Traces v1"],
    summary="The critical path of every root, as an exact partition of its time",
    responses=shows(CriticalPaths, 400, 404),
)
async def get_critical_path(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id), Section.CRITICAL_PATHS)
    view = CriticalPaths(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        paths=[view_critical_path(path) for path in stored.critical_paths],
    )
    return answer(request, encode(view))


@get(
    "/api/v1/traces/{trace_id:str}/audit-trail/{variable:path}",
    tags=["Traces v1"],
    summary="The accesses to one variable in causal order",
    responses=shows(AuditTrails, 400, 404),
)
async def get_audit_trail(
    request: AnyRequest, deps: Given, trace_id: TraceIdText, variable: VariablePath
) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id), Section.AUDIT_TRAILS)
    name = variable_of(request)
    trails = [trail for trail in stored.audit_trails if trail.variable == name]
    view = AuditTrails(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        variable=name,
        trails=[
            AuditTrailItem(variable=name, scope=trail.scope, accesses=view_accesses(trail))
            for trail in trails
        ],
    )
    return answer(request, encode(view))


HANDLERS = (list_traces, get_trace, list_events, list_races, get_critical_path, get_audit_trail)
