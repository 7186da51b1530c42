"""The causality of one trace, for a reader who asks.

Its graph in windows, why two events are ordered, what its operations cost, what its clocks are worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from raceway_core.causal_graph import ClockIssue, build_graph
from raceway_core.clock import clocks_of
from raceway_core.clock_offset import ClockOffsets, find_offsets
from raceway_core.critical_path import critical_paths_of
from raceway_core.event import Event, EventId
from raceway_core.graph_window import GraphWindows
from raceway_core.offset.message import messages_of
from raceway_core.operation_share import TraceOperations, operations_of
from raceway_core.options import Change, Options
from raceway_core.path.span_tree import span_tree
from raceway_core.result import CriticalPath
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

    def costs(self, change: Change | None) -> TraceOperations:
        """Return what the trace's operations cost, and what a change would save. Time: O(n log n)."""
        return operations_of(self._graph, self._paths, change)

    @property
    def clock_issues(self) -> Sequence[ClockIssue]:
        """What was wrong with the clocks that were sent."""
        return self._graph.clock_issues

    def offsets(self) -> ClockOffsets:
        """Return by how much the clocks of its hosts differ, as far as its own messages tell."""
        return find_offsets(messages_of(self._graph))

    @cached_property
    def _paths(self) -> Sequence[CriticalPath]:
        return critical_paths_of(self._graph, span_tree(self._graph))

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._graph, self._clocks, self._options)
