"""The causality of one trace, for a reader who asks: its graph in windows, and why two events are ordered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Event, EventId
from raceway_core.graph_window import GraphWindows
from raceway_core.options import Options
from raceway_core.why import Explainer, Explanation


class Causality:
    """Graph, clocks and locks of a trace. Time: that of `build_graph` and `clocks_of`, once."""

    def __init__(self, events: Sequence[Event], options: Options) -> None:
        self._graph = build_graph(events)
        self._clocks = clocks_of(self._graph)
        self._options = options
        self.windows = GraphWindows(self._graph, self._clocks)

    @property
    def event_count(self) -> int:
        """How many events there are."""
        return len(self._graph.events)

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self._graph.order)

    @property
    def lane_count(self) -> int:
        """How many lanes there are."""
        return self._clocks.width

    def knows(self, event_id: EventId) -> bool:
        """Whether the trace has an event."""
        return event_id in self._graph.number_of

    def explain(self, first: EventId, second: EventId) -> Explanation:
        """Return why two different events of the trace are ordered, or not. Time: O(n + edges)."""
        return self._explainer.explain(self._graph.number_of[first], self._graph.number_of[second])

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._graph, self._clocks, self._options)
