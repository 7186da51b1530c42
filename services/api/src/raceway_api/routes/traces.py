"""Traces in the original's shape, at the root and under `/api`."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from litestar import Response, get
from litestar.params import FromQuery

from raceway_api.anomalies import AnomalyReader
from raceway_api.answer import answer, cached, enveloped, shows_enveloped
from raceway_api.deps import Given
from raceway_api.original.audit import AuditTrailView, view_trails
from raceway_api.original.critical_path import PathView, view_path
from raceway_api.original.listing import TracePageView, view_page
from raceway_api.original.trace import TraceEventsView, TraceView, view_trace, view_trace_events
from raceway_api.parameter import (
    MinEvents,
    ServiceName,
    TraceIdText,
    VariablePath,
    page_window,
    trace_filter,
    trace_id_of,
    variable_of,
)
from raceway_api.stored import StoredTraces
from raceway_common.ports.trace_store import Section
from raceway_common.web.error import AnyRequest
from raceway_core.anomaly import Anomaly

_EVERYTHING = (
    Section.RACES,
    Section.AUDIT_TRAILS,
    Section.CRITICAL_PATHS,
    Section.EVENT_NOTES,
    Section.MEASUREMENTS,
)


@get(
    ["/traces", "/api/traces"],
    tags=["Traces"],
    summary="Traces, newest first, by page number",
    responses=shows_enveloped(TracePageView, 400),
)
async def list_traces(
    request: AnyRequest,
    deps: Given,
    *,
    page: FromQuery[int] = 1,
    page_size: FromQuery[int] = 20,
    min_events: MinEvents = 0,
    service: ServiceName = None,
) -> Response[bytes]:
    number, size = page_window(page, page_size)
    wanted = trace_filter(min_events, service)
    rows, total = await deps.traces.numbered_page(wanted, limit=size, offset=(number - 1) * size)
    return answer(request, enveloped(view_page(rows, total=total, page=number, page_size=size)))


@get(
    ["/traces/{trace_id:str}", "/api/traces/{trace_id:str}"],
    tags=["Traces"],
    summary="Everything about one trace",
    responses=shows_enveloped(TraceView, 400, 404),
)
async def get_trace(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    known = trace_id_of(trace_id)

    traces = StoredTraces(deps)

    async def build() -> bytes:
        stored = await traces.read(known, *_EVERYTHING, with_events=True)
        return await traces.in_thread(lambda: enveloped(view_trace(stored, anomalies)))

    row = await deps.traces.row(known)
    anomalies: Sequence[Anomaly] = ()
    if row is not None:
        measured = await traces.read(known, Section.MEASUREMENTS)
        anomalies = (await AnomalyReader(deps).of_trace(known, measured.measurements)).found
    if row is None:
        return answer(request, await build())
    # Both grow and never shrink, so the sum tells every state of a trace from the ones before it; the
    # rest tells it from a trace of the same id in a database that was there before this one, and from
    # what was normal then.
    version = row.version + row.as_of
    key = (
        f"trace/{known}/{row.summary.event_count}/{row.summary.last_ns}/{row.race_pairs}/{_digest(anomalies)}"
    )
    return answer(request, await cached(deps.cache, key, version, build))


@get(
    "/traces/{trace_id:str}/events",
    tags=["Traces"],
    summary="The events of one trace, parents first, else by time",
    responses=shows_enveloped(TraceEventsView, 400, 404),
)
async def list_events(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    known = trace_id_of(trace_id)
    traces = StoredTraces(deps)
    stored = await traces.read(known, Section.EVENT_NOTES, with_events=True)
    return answer(request, await traces.in_thread(lambda: enveloped(view_trace_events(stored))))


@get(
    ["/traces/{trace_id:str}/critical-path", "/api/traces/{trace_id:str}/critical-path"],
    tags=["Traces"],
    summary="The chain of causes that fixed the trace's duration",
    responses=shows_enveloped(PathView, 400, 404),
)
async def get_critical_path(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    known = trace_id_of(trace_id)
    traces = StoredTraces(deps)
    stored = await traces.read(known, Section.CRITICAL_PATHS)
    if not any(path.segments for path in stored.critical_paths):
        stored = await traces.read(known, Section.CRITICAL_PATHS, with_events=True)
    return answer(request, enveloped(view_path(stored)))


@get(
    [
        "/traces/{trace_id:str}/audit-trail/{variable:path}",
        "/api/traces/{trace_id:str}/audit-trail/{variable:path}",
    ],
    tags=["Traces"],
    summary="The accesses to one variable in causal order",
    responses=shows_enveloped(AuditTrailView, 400, 404),
)
async def get_audit_trail(
    request: AnyRequest, deps: Given, trace_id: TraceIdText, variable: VariablePath
) -> Response[bytes]:
    known = trace_id_of(trace_id)
    stored = await StoredTraces(deps).read(known, Section.AUDIT_TRAILS)
    name = variable_of(request)
    accesses = view_trails(stored.audit_trails).get(name, [])
    return answer(request, enveloped(AuditTrailView(known, name, accesses)))


def _digest(anomalies: Sequence[Anomaly]) -> str:
    return blake2b(repr(anomalies).encode(), digest_size=8).hexdigest() if anomalies else ""


HANDLERS = (list_traces, get_trace, list_events, get_critical_path, get_audit_trail)
