"""How long things take: of the newest traces, and of every operation."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from raceway_api.answer import answer, encode, enveloped, shows, shows_enveloped
from raceway_api.deps import Given
from raceway_api.latest import cached_result
from raceway_api.original.performance import MetricsView, view_metrics
from raceway_api.parameter import MOST_PER_PAGE, Limit, clamped
from raceway_api.performance import lately, states_of
from raceway_api.stored import StoredTraces
from raceway_api.v1.performance import Performance, view_performance
from raceway_common.ports.trace_store import TraceFilter
from raceway_common.web.error import AnyRequest

_BUCKETS_PER_HOUR = 6
_NEWEST_TRACES = 1000

Hours = Annotated[int, QueryParameter(ge=1, le=24, description="How far to look back from the newest call")]


@get(
    "/api/performance/metrics",
    tags=["Performance"],
    summary="Durations of the newest traces and of a day's operations, and throughput",
    responses=shows_enveloped(MetricsView, 400),
)
async def get_metrics(request: AnyRequest, deps: Given, *, limit: FromQuery[int] = 50) -> Response[bytes]:
    shown = clamped(limit, 0, MOST_PER_PAGE)

    async def build() -> bytes:
        rows = await deps.traces.page(TraceFilter(), limit=_NEWEST_TRACES, after=None)
        services = await deps.traces.services()
        async with lately(deps) as wanted:
            return await StoredTraces(deps).in_thread(
                lambda: enveloped(view_metrics(rows, services, wanted, limit=shown))
            )

    return answer(request, await cached_result(deps, f"performance/metrics/{shown}", build))


@get(
    "/api/v1/performance",
    tags=["Performance v1"],
    summary="Every operation: rate, failures, durations, cost, baseline and verdict",
    responses=shows(Performance, 400),
)
async def get_performance(
    request: AnyRequest, deps: Given, *, limit: Limit = 50, hours: Hours = 24
) -> Response[bytes]:
    async def build() -> bytes:
        async with lately(deps, hours * _BUCKETS_PER_HOUR) as wanted:
            states = await states_of(deps, wanted)
            return await StoredTraces(deps).in_thread(lambda: encode(view_performance(wanted, states, limit)))

    return answer(request, await cached_result(deps, f"v1/performance/{hours}/{limit}", build))


HANDLERS = (get_metrics, get_performance)
