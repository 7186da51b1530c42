"""What-if over the critical path of a trace, and its clocks: computed from its events when asked."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from raceway_api.answer import answer, encode, shows
from raceway_api.deps import Given
from raceway_api.graphs import read_graph
from raceway_api.parameter import TraceIdText, name_of, trace_id_of
from raceway_api.stored import StoredTraces
from raceway_api.v1.cost import TraceClocks, TraceCosts, view_clocks, view_costs
from raceway_common.web.error import AnyRequest
from raceway_core.errors import Rejected
from raceway_core.options import Change

Operation = Annotated[str | None, QueryParameter(description="The operation to change, by its name")]
Factor = Annotated[
    float | None, QueryParameter(ge=0, le=1_000, description="How many times as long its own time would be")
]


@get(
    "/api/v1/traces/{trace_id:str}/critical-path/what-if",
    tags=["Traces v1"],
    summary="What operations cost: drag and slack; and if one took `factor` times as long",
    responses=shows(TraceCosts, 400, 404, 413),
)
async def get_what_if(
    request: AnyRequest,
    deps: Given,
    trace_id: TraceIdText,
    *,
    operation: Operation = None,
    factor: Factor = None,
) -> Response[bytes]:
    change = _change(operation, factor)
    graph = await read_graph(deps, trace_id_of(trace_id))
    return answer(request, await StoredTraces(deps).in_thread(lambda: encode(view_costs(graph, change))))


@get(
    "/api/v1/traces/{trace_id:str}/clocks",
    tags=["Traces v1"],
    summary="What was wrong with vector clocks, and by how much the hosts' clocks differ",
    responses=shows(TraceClocks, 400, 404, 413),
)
async def get_clocks(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    graph = await read_graph(deps, trace_id_of(trace_id))
    return answer(request, await StoredTraces(deps).in_thread(lambda: encode(view_clocks(graph))))


def _change(operation: str | None, factor: float | None) -> Change | None:
    if operation is None and factor is None:
        return None
    if operation is None or factor is None:
        raise Rejected("operation and factor: give both, such as ?operation=charge&factor=0.5, or neither")
    return Change(name_of(operation, "operation"), factor)


HANDLERS = (get_what_if, get_clocks)
