"""`/api/v1/traces/{id}/…`: locks, deadlocks, isolation and services of one trace."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from raceway_api.answer import answer, encode, shows
from raceway_api.deps import Given
from raceway_api.parameter import Limit, TraceIdText, trace_id_of
from raceway_api.stored import StoredTraces
from raceway_api.v1.deadlock import TraceDeadlocks, view_trace_deadlocks
from raceway_api.v1.distributed import (
    TraceDependencies,
    TraceDistributed,
    view_trace_dependencies,
    view_trace_distributed,
)
from raceway_api.v1.isolation import TraceIsolation, view_trace_isolation
from raceway_api.v1.lock import TraceLocks, view_trace_locks
from raceway_common.ports.trace_store import Section
from raceway_common.web.error import AnyRequest

FromNs = Annotated[int | None, QueryParameter(description="Only holds that end at or after this time")]
ToNs = Annotated[int | None, QueryParameter(description="Only holds that are asked for until this time")]


@get(
    "/api/v1/traces/{trace_id:str}/locks",
    tags=["Traces v1"],
    summary="How the trace's locks were held and waited for, and who held them when",
    responses=shows(TraceLocks, 400, 404),
)
async def get_locks(
    request: AnyRequest,
    deps: Given,
    trace_id: TraceIdText,
    *,
    from_ns: FromNs = None,
    to_ns: ToNs = None,
    limit: Limit = 1000,
) -> Response[bytes]:
    traces = StoredTraces(deps)
    stored = await traces.read(trace_id_of(trace_id), Section.LOCKS)

    def view() -> bytes:
        return encode(view_trace_locks(stored, from_ns=from_ns, to_ns=to_ns, limit=limit))

    return answer(request, await traces.in_thread(view))


@get(
    "/api/v1/traces/{trace_id:str}/deadlocks",
    tags=["Traces v1"],
    summary="Deadlocks of the trace, seen and predicted",
    responses=shows(TraceDeadlocks, 400, 404),
)
async def get_deadlocks(
    request: AnyRequest, deps: Given, trace_id: TraceIdText, *, limit: Limit = 1000
) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id), Section.DEADLOCKS)
    return answer(request, encode(view_trace_deadlocks(stored, limit=limit)))


@get(
    "/api/v1/traces/{trace_id:str}/isolation",
    tags=["Traces v1"],
    summary="What the transactions that the trace declares prove of their isolation level",
    responses=shows(TraceIsolation, 400, 404),
)
async def get_isolation(
    request: AnyRequest, deps: Given, trace_id: TraceIdText, *, limit: Limit = 100
) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id), Section.ISOLATION)
    return answer(request, encode(view_trace_isolation(stored, limit=limit)))


@get(
    "/api/v1/traces/{trace_id:str}/dependencies",
    tags=["Traces v1"],
    summary="Which services took part, and who called whom by what",
    responses=shows(TraceDependencies, 400, 404),
)
async def get_dependencies(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id))
    return answer(request, encode(view_trace_dependencies(stored)))


@get(
    "/api/v1/traces/{trace_id:str}/distributed",
    tags=["Traces v1"],
    summary="The trace by services: their work, the critical path, the races",
    responses=shows(TraceDistributed, 400, 404),
)
async def get_distributed(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    traces = StoredTraces(deps)
    wanted = (Section.RACES, Section.CRITICAL_PATHS, Section.SELF_TIMES)
    stored = await traces.read(trace_id_of(trace_id), *wanted, with_events=True)
    return answer(request, await traces.in_thread(lambda: encode(view_trace_distributed(stored))))


HANDLERS = (get_locks, get_deadlocks, get_isolation, get_dependencies, get_distributed)
