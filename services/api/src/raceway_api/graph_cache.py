"""The causal graphs that were built last, for the next question about the same trace."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from raceway_core.event import TraceId

if TYPE_CHECKING:
    from raceway_core.causality import Causality  # loads numpy, and few ask

MOST_EVENTS = 100_000
"""Of one graph, and of all that are kept."""

MOST_GRAPHS = 32


class GraphKey(NamedTuple):
    """A trace at one version of its events."""

    trace_id: TraceId
    version: int


class GraphCache:
    """Keeps graphs while they have `most_events` events together, the ones asked for last."""

    def __init__(self, most_events: int = MOST_EVENTS) -> None:
        self.most_events = most_events
        self._graphs: OrderedDict[GraphKey, Causality] = OrderedDict()

    def get(self, key: GraphKey) -> Causality | None:
        """Return the graph of a trace at this version."""
        found = self._graphs.get(key)
        if found is not None:
            self._graphs.move_to_end(key)
        return found

    def put(self, key: GraphKey, graph: Causality) -> None:
        """Keep a graph in place of those of the trace's other versions, and of the ones longest unused."""
        for other in [other for other in self._graphs if other.trace_id == key.trace_id]:
            del self._graphs[other]
        self._graphs[key] = graph
        while len(self._graphs) > MOST_GRAPHS or self._event_count() > self.most_events:
            self._graphs.popitem(last=False)

    def _event_count(self) -> int:
        return sum(graph.event_count for graph in self._graphs.values())
