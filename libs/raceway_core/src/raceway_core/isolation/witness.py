"""Witnesses: the shortest cycle through an edge, found by breadth-first search in its component.

A search that is to keep read-write edges *apart* never takes two of them in a row, also not where
the cycle closes: snapshot isolation allows only cycles that do.

Source: Cerone & Gotsman 2016, "Analysing Snapshot Isolation" (cycles without adjacent anti-dependencies).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeAlias

from raceway_core.isolation.graph import EdgeKind, Graph, Step, flags_of

MOST_WORK = 500_000
"""Edges that the searches of one kind of cycle look at, before the rest is left unshown."""

Cycle: TypeAlias = list[Step]


class Searcher:
    """Finds cycles inside the components of a graph; `work` counts the edges it looked at."""

    def __init__(self, graph: Graph, component: Sequence[int]) -> None:
        self.graph = graph
        self.component = component
        self.work = 0
        self.is_cut = False

    def gives_up(self) -> bool:
        """Whether it looked at as much as it may; whoever asks then leaves a cycle out."""
        is_tired = self.work > MOST_WORK
        self.is_cut |= is_tired
        return is_tired

    def cycle(self, first: Step, kinds: Collection[EdgeKind], *, is_apart: bool = False) -> Cycle | None:
        """Return the shortest cycle of `first` and then edges of `kinds`, None if there is none.

        `first` may lead to a hub. A cycle of edges kept apart may meet a transaction twice.

        Time: O(edges of the component).
        """
        search = _Search(self, first.source, kinds, is_apart=is_apart)
        return search.run(first)


class _State(NamedTuple):
    node: int
    is_after_rw: bool


class _Search:
    def __init__(self, searcher: Searcher, goal: int, kinds: Collection[EdgeKind], *, is_apart: bool) -> None:
        self._searcher = searcher
        self._graph = searcher.graph
        self._component = searcher.component
        self._goal = goal
        self._is_wanted = flags_of(kinds)
        self._is_apart = is_apart
        self._came: dict[_State, tuple[_State | None, Step]] = {}
        self._queue: deque[_State] = deque()
        self._hubs: set[int] = set()

    def run(self, first: Step) -> Cycle | None:
        end = self._reach(None, first)
        while end is None and self._queue:
            state = self._queue.popleft()
            edges = self._graph.out[state.node]
            self._searcher.work += len(edges)
            for edge in edges:
                is_barred = state.is_after_rw and edge.kind is EdgeKind.RW
                if not is_barred and self._is_wanted[edge.kind]:
                    end = self._reach(state, Step(state.node, edge))
                    if end is not None:
                        break
        return end

    def _reach(self, state: _State | None, step: Step) -> Cycle | None:
        """Note where a step leads; return the cycle if that is where it began."""
        hub = step.edge.target
        if hub in self._hubs:
            return None
        if hub >= self._graph.size:
            self._hubs.add(hub)
            self._searcher.work += len(self._graph.out[hub])
        home = self._component[self._goal]
        for edge in self._graph.expanded(step.source, step.edge):
            if self._component[edge.target] != home:
                continue
            is_rw = self._is_apart and edge.kind is EdgeKind.RW
            reached = _State(edge.target, is_rw)
            if edge.target == self._goal:
                if not is_rw:
                    return self._path(state, Step(step.source, edge))
            elif reached not in self._came:
                self._came[reached] = (state, Step(step.source, edge))
                self._queue.append(reached)
        return None

    def _path(self, state: _State | None, last: Step) -> Cycle:
        steps = [last]
        while state is not None:
            state, step = self._came[state]
            steps.append(step)
        return steps[::-1]
