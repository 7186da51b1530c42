"""One service, and how all of them are, in the original's shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from litestar import Response, get
from litestar.params import FromQuery

from raceway_api.answer import answer, enveloped, shows_enveloped
from raceway_api.deps import Deps, Given
from raceway_api.original.distributed import MOST_PAIRS, NeighboursView, view_neighbours
from raceway_api.original.service import (
    ServiceHealthView,
    ServiceTracesView,
    view_service_health,
    view_service_traces,
)
from raceway_api.parameter import (
    MinEvents,
    ServicePath,
    WindowMinutes,
    clamped,
    page_window,
    service_of,
    trace_filter,
)
from raceway_api.performance import lately, now_bucket, states_of
from raceway_common.web.error import AnyRequest
from raceway_core.bucketed.state import State

_MOST_MINUTES = 10 * 366 * 24 * 60
_HALF_DAY = 72


@get(
    "/api/services/health",
    tags=["Services"],
    summary="How each service does: silence, failures, durations",
    responses=shows_enveloped(list[ServiceHealthView], 400),
)
async def list_health(
    request: AnyRequest, deps: Given, *, time_window_minutes: WindowMinutes = 60
) -> Response[bytes]:
    minutes = clamped(time_window_minutes, 1, _MOST_MINUTES)
    rows = await deps.traces.services()
    now_ns = deps.now_ns()
    states = await _states(deps)
    views = [
        view_service_health(row, states.get(row.name, ()), now_ns=now_ns, window_minutes=minutes)
        for row in rows
    ]
    return answer(request, enveloped(views))


@get(
    "/api/services/{name:str}/traces",
    tags=["Services"],
    summary="The traces that a service took part in, newest first",
    responses=shows_enveloped(ServiceTracesView, 400),
)
async def list_service_traces(
    request: AnyRequest,
    deps: Given,
    name: ServicePath,
    *,
    page: FromQuery[int] = 1,
    page_size: FromQuery[int] = 20,
    min_events: MinEvents = 0,
) -> Response[bytes]:
    service = service_of(request)
    number, size = page_window(page, page_size)
    wanted = trace_filter(min_events, service)
    rows, total = await deps.traces.numbered_page(wanted, limit=size, offset=(number - 1) * size)
    view = view_service_traces(service, rows, total=total, page=number, page_size=size)
    return answer(request, enveloped(view))


@get(
    "/api/services/{name:str}/dependencies",
    tags=["Services"],
    summary="Whom a service calls, and who calls it, in all traces",
    responses=shows_enveloped(NeighboursView, 400),
)
async def get_service_dependencies(request: AnyRequest, deps: Given, name: ServicePath) -> Response[bytes]:
    service = service_of(request)
    called, callers = await deps.traces.calls_around(service, limit=MOST_PAIRS)
    return answer(request, enveloped(view_neighbours(service, called, callers)))


async def _states(deps: Deps) -> Mapping[str, Sequence[State]]:
    """Return how the operations of each service do that were called in the last half day."""
    now = now_bucket(deps)
    states: defaultdict[str, list[State]] = defaultdict(list)
    async with lately(deps, _HALF_DAY, until=now) as wanted:
        recent = wanted._replace(first=now - _HALF_DAY + 1)
        for family, state in (await states_of(deps, recent)).items():
            states[family.service].append(state)
    return states


HANDLERS = (list_health, list_service_traces, get_service_dependencies)
