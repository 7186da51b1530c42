"""What if: how long a trace would have taken, had some operations taken more or less time.

    what if   the end of each path when the own time of an operation is multiplied by a factor
    drag      what is saved when the operation takes no time: at most its part of the critical path,
              and less where another path is nearly as long
    slack     by how much an event could end later without delaying the end of any path

All come from one schedule (`raceway_core.path.schedule`) with causes where events tell them, else with
what spans suggest.

Source: Devaux 1999, "Total project control" (drag); Yang and Miller 1988.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from raceway_core.baseline.operation_pattern import operation_pattern
from raceway_core.causal_graph import CausalGraph
from raceway_core.critical_path import are_spans, roots_of
from raceway_core.event import EventId
from raceway_core.graph.event_table import NONE
from raceway_core.path.causal_schedule import causal_schedule
from raceway_core.path.schedule import Schedule
from raceway_core.path.span_schedule import span_schedule
from raceway_core.path.span_tree import span_tree
from raceway_core.result import CriticalPath

MOST_DRAGS = 20
"""Drag is computed of the operations with the most time on the critical paths of a trace."""


class Name(NamedTuple):
    """An operation of a service, whatever its kind and however it ended."""

    service: str
    operation: str


class Saving(NamedTuple):
    """How long all paths of a trace took together, and would have."""

    before_ns: int
    after_ns: int


class WhatIf:
    """Answers questions about one trace."""

    def __init__(self, graph: CausalGraph) -> None:
        """Prepare the answers. Time: O(n log n)."""
        self._graph = graph
        self.schedule = _schedule(graph)
        self._names: dict[int, Name] = {}
        self._steps: dict[Name, list[int]] = {}
        for step, owner in enumerate(self.schedule.owners):
            if owner != NONE and self.schedule.lags_ns[step]:
                self._steps.setdefault(self._name(owner), []).append(step)
        self._before_ns = _length_ns(self.schedule, self.schedule.times_ns())

    def named(self, operation: str) -> list[Name]:
        """Return the operations of a name, which several services may have."""
        return [name for name in self._steps if name.operation == operation]

    def scaled(self, names: Iterable[Name], factor: float) -> Saving:
        """Return what changes if the own time of operations is multiplied by `factor`. Time: O(n)."""
        lags_ns = self.schedule.lags_ns.copy()
        for name in names:
            for step in self._steps.get(name, ()):
                lags_ns[step] = round(lags_ns[step] * factor)
        return Saving(self._before_ns, _length_ns(self.schedule, self.schedule.times_ns(lags_ns)))

    def drags_ns(self, critical_ns: Mapping[Name, int]) -> dict[Name, int]:
        """Return the drag of the operations that were longest on the paths. Time: O(n) for each."""
        if not self.schedule.has_joins:
            return dict(critical_ns)
        longest = sorted(critical_ns, key=lambda name: (-critical_ns[name], name))[:MOST_DRAGS]
        savings = {name: self.scaled([name], 0) for name in longest}
        return {
            name: min(critical_ns[name], saving.before_ns - saving.after_ns)
            for name, saving in savings.items()
        }

    def slacks_ns(self) -> dict[EventId, int]:
        """Return the slack of each event that can delay an end. Time: O(n)."""
        slacks = self.schedule.slacks_ns()
        known = ((event, slacks[step]) for event, step in self.schedule.last_step.items())
        return {self._graph.events[event].id: slack for event, slack in known if slack is not None}

    def _name(self, event: int) -> Name:
        name = self._names.get(event)
        if name is None:
            name = self._names[event] = name_of(self._graph, event)
        return name


def name_of(graph: CausalGraph, event: int) -> Name:
    """Return the operation that an event is of."""
    return Name(graph.events[event].metadata.service_name, operation_pattern(graph.payloads[event]))


def critical_ns_of(graph: CausalGraph, paths: Iterable[CriticalPath]) -> Counter[Name]:
    """Return how long each operation was on the critical paths of a trace. Time: O(segments)."""
    critical: Counter[Name] = Counter()
    for path in paths:
        for segment in path.segments:
            event = graph.number_of[segment.event_id]
            critical[name_of(graph, event)] += segment.end_ns - segment.start_ns
    return critical


def _schedule(graph: CausalGraph) -> Schedule:
    tree = span_tree(graph)
    roots = roots_of(graph, tree)
    return span_schedule(graph, tree, roots) if are_spans(graph) else causal_schedule(graph, roots)


def _length_ns(schedule: Schedule, times_ns: list[int]) -> int:
    return sum(times_ns[end] - times_ns[begin] for begin, end in schedule.ends)
