"""`/health` and `/status`: what the server has, and what is left to do."""

from __future__ import annotations

from litestar import Response, get

from raceway_api.answer import answer, enveloped, shows_enveloped
from raceway_api.deps import Given
from raceway_api.original.status import StatusView, WarmupView, view_warmup
from raceway_common.web.error import AnyRequest


@get("/health", tags=["Operation"], summary="Is the server up?", responses=shows_enveloped(WarmupView))
async def get_health(request: AnyRequest, deps: Given) -> Response[bytes]:
    totals = await deps.traces.totals()
    return answer(request, enveloped(view_warmup(totals, deps.started_ns)))


@get(
    "/status",
    tags=["Operation"],
    summary="What is stored, and what is not stored or analyzed yet",
    responses=shows_enveloped(StatusView),
)
async def get_status(request: AnyRequest, deps: Given) -> Response[bytes]:
    # The order matters: work moves from the bus to the queue, so nothing is missed in between.
    backlog = await deps.bus.backlog()
    due = await deps.queue.due()
    totals = await deps.traces.totals()
    view = StatusView(
        version=deps.version,
        uptime_seconds=int(deps.uptime_s()),
        events_captured=totals.events,
        traces_active=totals.traces,
        warmup=view_warmup(totals, deps.started_ns),
        backlog=backlog,
        due=due,
        dropped=dict(await deps.events.dropped()),
    )
    return answer(request, enveloped(view))


HANDLERS = (get_health, get_status)
