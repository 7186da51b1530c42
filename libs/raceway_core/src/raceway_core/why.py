"""Why one event is before another, or why nothing orders the two.

    before        a way of direct edges leads from the end of one to the beginning of the other
    began before  a way leads from the beginning of one, which had not ended, to that of the other
    concurrent    no way leads from one to the other; of what both follow the nearest is shown, and
                  the ways, the branches, that lead from it to each

The ancestor is the nearest common one (`raceway_core.reason.ancestor`) and a way is the shortest
(`raceway_core.reason.way`): both are the same whatever the order in which events arrived.

Source: Lamport 1978 (happens-before).
"""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.evidence import held, moment_of
from raceway_core.lock_order import lock_edges
from raceway_core.lockset import is_guarded, locks_of
from raceway_core.options import DEFAULTS, Options
from raceway_core.reason.ancestor import Ancestors
from raceway_core.reason.explanation import Explanation, LockRelation, Party, Relation, Step, Way
from raceway_core.reason.way import Hop, Ways

__all__ = ["MOST_STEPS", "Explainer", "Explanation"]

MOST_STEPS = 40
"""So many steps of a way are shown; of a longer one the middle is left out."""


class Explainer:
    """Explains pairs of events of one trace, by the numbers that they have in its graph."""

    def __init__(self, graph: CausalGraph, clocks: Clocks, options: Options = DEFAULTS) -> None:
        """Look at the locks of the trace, once. `clocks` are its C-clocks. Time: O(n log n)."""
        self._graph = graph
        self._ancestors = Ancestors(graph, clocks)
        self._ways = Ways(graph, clocks)
        locks = locks_of(graph, options)
        self._locksets = locks.locksets
        grants = lock_edges(graph, locks.holds)
        self._h = clocks.extended(grants) if grants else clocks

    def explain(self, first: int, second: int) -> Explanation:
        """Return why two different events are ordered, or not. Time: O(n + edges)."""
        starts, ends = self._graph.starts, self._graph.ends
        for source, event, relation in (
            (ends[first], second, Relation.BEFORE),
            (ends[second], first, Relation.AFTER),
            (starts[first], second, Relation.BEGAN_BEFORE),
            (starts[second], first, Relation.BEGAN_AFTER),
        ):
            hops = self._ways.shortest(source, event)
            if hops is not None:
                return self._explanation(first, second, relation, [self._way(source, hops)])
        return self._explanation(first, second, Relation.CONCURRENT, self._branches(first, second))

    def _branches(self, first: int, second: int) -> list[Way]:
        ancestor = self._ancestors.nearest(first, second)
        if ancestor is None:
            return []
        hops = [self._ways.shortest(ancestor, event) for event in (first, second)]
        return [self._way(ancestor, of_one) for of_one in hops if of_one is not None]

    def _explanation(self, first: int, second: int, relation: Relation, ways: Sequence[Way]) -> Explanation:
        is_concurrent = relation is Relation.CONCURRENT
        return Explanation(
            first=self._party(first),
            second=self._party(second),
            relation=relation,
            locks=self._lock_relation(first, second) if is_concurrent else LockRelation.NONE,
            ancestor=ways[0].start if is_concurrent and ways else None,
            ways=tuple(ways),
        )

    def _lock_relation(self, first: int, second: int) -> LockRelation:
        h = self._h
        if is_guarded(self._locksets[first], self._locksets[second]):
            return LockRelation.GUARDED
        if h.is_too_wide:  # what is ordered there may only be assumed to be
            return LockRelation.NONE
        is_ordered = h.happens_before(first, second) or h.happens_before(second, first)
        return LockRelation.ORDERED if is_ordered else LockRelation.NONE

    def _party(self, event: int) -> Party:
        moment = moment_of(self._graph, self._graph.starts[event])
        return Party(moment=moment, lockset=held(self._locksets[event]))

    def _way(self, source: int, hops: Sequence[Hop]) -> Way:
        is_cut, half = len(hops) > MOST_STEPS, MOST_STEPS // 2
        shown = [*hops[:half], *hops[-half:]] if is_cut else hops
        return Way(
            start=moment_of(self._graph, source),
            steps=tuple(self._step(hop) for hop in shown),
            cut_after=half if is_cut else len(shown),
            left_out=len(hops) - len(shown),
            kinds=tuple(dict.fromkeys(hop.kind for hop in hops)),
        )

    def _step(self, hop: Hop) -> Step:
        event_of = self._graph.event_of
        passed = {event_of[node] for node in hop.passed} - {event_of[hop.target]}
        return Step(kind=hop.kind, passed=len(passed), moment=moment_of(self._graph, hop.target))
