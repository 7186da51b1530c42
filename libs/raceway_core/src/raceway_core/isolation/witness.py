"""Witnesses: the shortest cycle through an edge, found by breadth-first search in its component.

A search that is to keep read-write edges *apart* never takes two of them in a row, also not where
the cycle closes: snapshot isolation allows only cycles that do.

Source: Cerone & Gotsman 2016, "Analysing Snapshot Isolation" (cycles without adjacent anti-dependencies).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from typing import TypeAlias

from raceway_core.isolation.graph import Edge, EdgeKind, Step, flags_of

MOST_WORK = 250_000
"""Edges that the searches of one kind of cycle look at, before the rest is left unshown."""

Cycle: TypeAlias = list[Step]


class Searcher:
    """Finds cycles inside the components of a graph; `work` counts the edges it looked at.

    `edges` are those of a graph by node, perhaps without some that lead out of a component; the first
    `size` nodes are transactions.
    """

    def __init__(self, size: int, component: Sequence[int], edges: Sequence[Sequence[Edge]]) -> None:
        self.size = size
        self.component = component
        self.edges = edges
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


_START = -1
"""The state before the first step, where the goal is."""


class _Search:
    """A state is `2 * node`, and one more where a read-write edge that is kept apart led there."""

    def __init__(self, searcher: Searcher, goal: int, kinds: Collection[EdgeKind], *, is_apart: bool) -> None:
        self._searcher = searcher
        self._out = searcher.edges
        self._size = searcher.size
        self._component = searcher.component
        self._goal = goal
        self._is_apart = is_apart
        self._wanted = flags_of(kinds)
        self._wanted_after_rw = flags_of(set(kinds) - {EdgeKind.RW})
        self._came: dict[int, tuple[int, Edge]] = {}
        self._queue: deque[int] = deque()
        self._hubs: set[int] = set()

    def run(self, first: Step) -> Cycle | None:
        end = self._reach(_START, [first.edge], flags_of(list(EdgeKind)))
        while end is None and self._queue:
            state = self._queue.popleft()
            edges = self._out[state >> 1]
            self._searcher.work += len(edges)
            end = self._reach(state, edges, self._wanted_after_rw if state & 1 else self._wanted)
        return end

    def _reach(self, state: int, edges: Sequence[Edge], wanted: Sequence[bool]) -> Cycle | None:
        """Note where the wanted of some edges lead; return the cycle if one is where it began."""
        component, came, is_apart = self._component, self._came, self._is_apart
        goal, home, size = self._goal, component[self._goal], self._size
        for edge in edges:
            target, kind, _, _ = edge
            if not wanted[kind]:
                continue
            if target >= size:
                if (end := self._pass(state, target, wanted)) is not None:
                    return end
            elif component[target] == home:
                reached = 2 * target + (is_apart and kind is EdgeKind.RW)
                if reached == 2 * goal:
                    return self._path(state, edge)
                if target != goal and reached not in came:
                    came[reached] = (state, edge)
                    self._queue.append(reached)
        return None

    def _pass(self, state: int, hub: int, wanted: Sequence[bool]) -> Cycle | None:
        """Go on from a hub, once: it leads to the same transactions from wherever it is reached."""
        if hub in self._hubs:
            return None
        self._hubs.add(hub)
        edges = self._out[hub]
        self._searcher.work += len(edges)
        source = self._goal if state == _START else state >> 1
        return self._reach(state, [edge for edge in edges if edge.target != source], wanted)

    def _path(self, state: int, last: Edge) -> Cycle:
        edges, sources = [last], []
        while state != _START:
            sources.append(state >> 1)
            state, edge = self._came[state]
            edges.append(edge)
        return list(map(Step, [self._goal, *reversed(sources)], reversed(edges)))
