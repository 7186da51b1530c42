"""Causal graphs of stored traces, built from the events when somebody asks for them.

A graph is read in pages and asked about event by event, so the last ones are kept (`graph_cache`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from raceway_api.deps import Deps
from raceway_api.graph_cache import GraphKey
from raceway_api.stored import StoredTraces
from raceway_common.chunk import events_in
from raceway_common.errors import NotFound, TooLarge
from raceway_common.ports.event_store import StoredTrace
from raceway_core.event import TraceId

if TYPE_CHECKING:
    from raceway_core.causality import Causality


class VersionedGraph(NamedTuple):
    """What a trace's events make, at one version of these."""

    trace_id: TraceId
    version: int
    causality: Causality


async def read_graph(deps: Deps, trace_id: TraceId) -> VersionedGraph:
    """Return the causal graph of a trace.

    Raises:
        NotFound: Nothing is stored of it.
        TooLarge: It has more events than a graph may have.
    """
    row = await deps.traces.row(trace_id)
    if row is not None:
        _check_size(trace_id, row.summary.event_count, deps.graphs.most_events)
        known = deps.graphs.get(GraphKey(trace_id, row.version))
        if known is not None:
            return VersionedGraph(trace_id, row.version, known)
    stored = (await deps.events.read([trace_id])).get(trace_id)
    if stored is None:
        raise NotFound(f"no trace {trace_id} is stored")
    built = await StoredTraces(deps).in_thread(_built, stored, deps)
    deps.graphs.put(GraphKey(trace_id, stored.version), built)
    return VersionedGraph(trace_id, stored.version, built)


def _built(stored: StoredTrace, deps: Deps) -> Causality:
    from raceway_core.causality import Causality  # loads numpy, and few ask

    events = events_in(stored.chunks)
    _check_size(stored.trace_id, len({event.id for event in events}), deps.graphs.most_events)
    return Causality(events, deps.options)


def _check_size(trace_id: TraceId, count: int, most: int) -> None:
    if count > most:
        raise TooLarge(f"trace {trace_id} has {count:,} events, more than the {most:,} of a causal graph")
