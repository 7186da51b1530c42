"""The program of a trace: per chain the steps that wait for others or touch a lock, in order.

It is what is left of the trace when everything is forgotten that no task ever had to wait for: the
acquires and releases, and the edges between chains.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.identity import Lock
from raceway_core.locking.span import NEVER, Places, Span, key_of
from raceway_core.lockset import LockKey


class Step(NamedTuple):
    """What matters of the node at `place`: which nodes come before it, and what it does to a lock."""

    place: int
    sources: Sequence[int] = ()
    acquires: Lock | None = None
    releases: LockKey | None = None


class Program:
    """See the module. `step_of` tells the chain and the index of the step of an edge's source."""

    steps: Sequence[Sequence[Step]]
    step_of: Mapping[int, tuple[int, int]]

    def __init__(self, graph: CausalGraph, spans: Mapping[int, Sequence[Span]], places: Places) -> None:
        """Read the program. Time: O(n log n)."""
        sources: dict[int, list[int]] = {}
        for edge in graph.edges:
            sources.setdefault(edge.source, [])
            sources.setdefault(edge.target, []).append(edge.source)
        by_chain: list[dict[int, Step]] = [{} for _ in graph.chains]
        place_of: dict[int, tuple[int, int]] = {}
        for node, before in sources.items():
            chain, place = graph.chain_of[graph.event_of[node]], places.of(node)
            place_of[node] = (chain, place)
            by_chain[chain][place] = Step(place, before)
        for chain, of_chain in spans.items():
            for step in lock_steps(of_chain):
                known = by_chain[chain].get(step.place, step)
                by_chain[chain][step.place] = step._replace(sources=known.sources)
        self.steps = [[steps[place] for place in sorted(steps)] for steps in by_chain]
        index_of = [{step.place: index for index, step in enumerate(steps)} for steps in self.steps]
        self.step_of = {node: (chain, index_of[chain][place]) for node, (chain, place) in place_of.items()}
        self._free_from = [_free_from(steps) for steps in self.steps]
        begun = dict.fromkeys(graph.chain_of[graph.event_of[node]] for node in graph.order)
        self._rank = {chain: rank for rank, chain in enumerate(begun)}
        self._ends = graph.ends
        self._places = places

    def place_of(self, event: int) -> int:
        """Return the place on its chain of the node at which an event ends."""
        return self._places.of(self._ends[event])

    def goals(self, places: Mapping[int, int]) -> dict[int, int]:
        """Return how many steps each chain has taken when it stands before the node at its place."""
        return {
            chain: bisect_left(self.steps[chain], place, key=lambda step: step.place)
            for chain, place in places.items()
        }

    def limits(self, places: Mapping[int, int]) -> dict[int, int] | None:
        """Return how many steps each chain may have to take so that these can stand at their places.

        A chain that has no place itself goes on until it holds no lock, because another may need it.
        None if one of them would have to be beyond its place first. Causes come before effects.

        Time: O(steps).
        """
        goals = self.goals(places)
        needed = self._spread(goals, goals, is_free=False)
        limits = None if needed is None else self._spread(needed, goals, is_free=True)
        return limits and {chain: limits[chain] for chain in sorted(limits, key=self._rank.__getitem__)}

    def _spread(
        self, begun: Mapping[int, int], goals: Mapping[int, int], *, is_free: bool
    ) -> dict[int, int] | None:
        """Extend `begun` to all the causes of its steps; to where they hold nothing, if `is_free`.

        Causes beyond a goal make it None, but where a chain only goes on to be free.
        """
        limits = dict(begun)
        if is_free:
            limits = {
                chain: limit if chain in goals else self._free_from[chain][limit]
                for chain, limit in begun.items()
            }
        todo, seen = list(limits), dict.fromkeys(limits, 0)
        while todo:
            chain = todo.pop()
            first, seen[chain] = seen.get(chain, 0), limits[chain]
            for other, index in self._causes(self.steps[chain][first : limits[chain]]):
                if index < limits.get(other, 0):
                    continue
                if other not in goals:
                    limits[other] = self._free_from[other][index + 1] if is_free else index + 1
                    todo.append(other)
                elif not is_free:
                    return None
        return limits

    def _causes(self, steps: Iterable[Step]) -> Iterator[tuple[int, int]]:
        return (self.step_of[node] for step in steps for node in step.sources)


def lock_steps(spans: Sequence[Span]) -> Iterator[Step]:
    """Yield the acquires and releases of a chain; one that is acquired anew is not released there."""
    again = {(key_of(span.lock), span.begin) for span in spans}
    for span in spans:
        if span.end > span.begin:
            yield Step(span.begin, acquires=span.lock)
            if span.end != NEVER and (key_of(span.lock), span.end) not in again:
                yield Step(span.end, releases=key_of(span.lock))


def _free_from(steps: Sequence[Step]) -> list[int]:
    """Return for each number of steps taken the next at which nothing is held, else that of all."""
    held: set[LockKey] = set()
    is_free = [True]
    for step in steps:
        if step.acquires is not None:
            held.add(key_of(step.acquires))
        elif step.releases is not None:
            held.discard(step.releases)
        is_free.append(not held)
    free_from = [len(steps)] * len(is_free)
    for taken in range(len(steps) - 1, -1, -1):
        free_from[taken] = taken if is_free[taken] else free_from[taken + 1]
    return free_from
