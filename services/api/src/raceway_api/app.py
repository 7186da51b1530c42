"""The API as route handlers, so that one process may serve them together with others'."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from raceway_api.deps import Deps
from raceway_api.routes import (
    anomalies,
    auth,
    distributed,
    docs,
    performance,
    races,
    services,
    status,
    traces,
    v1_causal_graph,
    v1_costs,
    v1_locks,
    v1_races,
    v1_services,
    v1_trace_parts,
    v1_traces,
    v1_variables,
)


def routes(deps: Deps) -> list[Router]:
    """Return every route of the API, reading what `deps` gives. Health routes are `web.health`'s."""

    def provide_deps() -> Deps:
        return deps

    handlers = [
        *status.HANDLERS,
        *auth.HANDLERS,
        *traces.HANDLERS,
        *races.HANDLERS,
        *services.HANDLERS,
        *distributed.HANDLERS,
        *anomalies.HANDLERS,
        *performance.HANDLERS,
        *v1_traces.HANDLERS,
        *v1_causal_graph.HANDLERS,
        *v1_costs.HANDLERS,
        *v1_trace_parts.HANDLERS,
        *v1_races.HANDLERS,
        *v1_locks.HANDLERS,
        *v1_variables.HANDLERS,
        *v1_services.HANDLERS,
        *docs.HANDLERS,
    ]
    provided = {"deps": Provide(provide_deps, use_cache=True, sync_to_thread=False)}
    return [Router("/", route_handlers=handlers, dependencies=provided)]
