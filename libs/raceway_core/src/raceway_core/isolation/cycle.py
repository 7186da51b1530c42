"""Cycles of dependencies: their names, and which of them a reader is shown.

    G0              only writes and sessions
    G1c             also reads of what was written
    G-single        one read-write edge: a read skew
    stale-read      the same, where only visibility tells that the missed write is newer
    G-nonadjacent   several read-write edges, no two in a row
    G2-item         two in a row: a write skew

Every edge that closes a cycle is shown in one, the shortest, unless it is in one that is shown already.

Sources: Adya 1999 (the G classes); Kingsbury & Alvaro 2020 (their search, and G-nonadjacent).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from raceway_core.isolation.graph import EdgeKind, Step
from raceway_core.isolation.knot import ALL, CERTAIN, DERIVED, READS, RW, SO, WR, WRITES, WW, Knots
from raceway_core.isolation.visibility import Visibility
from raceway_core.isolation.witness import Cycle, Searcher


def name_of(cycle: Cycle) -> str:
    """Return the class of a cycle in which no transaction stands twice."""
    kinds = {step.edge.kind for step in cycle}
    missed = [step.edge for step in cycle if step.edge.kind is RW]
    if len(missed) > 1:
        return "G-nonadjacent" if _is_apart(cycle) else "G2-item"
    if missed:
        is_skew = len(cycle) == 2 and WR in kinds
        is_stale = missed[0].is_derived and not is_skew and kinds <= {SO, WR, RW}
        return "stale-read" if is_stale else "G-single"
    if DERIVED in kinds:
        return "stale-read"
    return "G1c" if WR in kinds else "G0"


def _is_apart(cycle: Cycle) -> bool:
    ring = [*cycle, cycle[0]]
    return not any(one.edge.kind is RW and two.edge.kind is RW for one, two in pairwise(ring))


class WriteCycles:
    """Finds the cycles without a read-write edge: G0, then G1c. `is_cut` tells if some were left out."""

    def __init__(self, knots: Knots) -> None:
        self._knots = knots
        self.is_cut = False

    def __iter__(self) -> Iterator[Cycle]:
        """Yield the cycles. Time: O(edges), and the search."""
        knots = self._knots
        if knots.has_read_cycle:
            for kinds, kind, component in ((WRITES, WW, knots.of_writes), (READS, WR, knots.of_reads)):
                searcher = Searcher(knots.graph.size, component, knots.tied)
                yield from _through(searcher, _inside(knots, component, kind), kinds)
                self.is_cut |= searcher.is_cut


def _inside(knots: Knots, component: list[int], kind: EdgeKind) -> Iterator[Step]:
    for source, edges in enumerate(knots.tied[: knots.graph.size]):
        for edge in edges:
            if edge.kind is kind and component[source] == component[edge.target]:
                yield Step(source, edge)


def _through(searcher: Searcher, steps: Iterator[Step], kinds: Collection[EdgeKind]) -> Iterator[Cycle]:
    shown: set[tuple[int, int, EdgeKind]] = set()
    for step in steps:
        if (step.source, step.edge.target, step.edge.kind) in shown or searcher.gives_up():
            continue
        cycle = searcher.cycle(step, kinds)
        if cycle:
            shown.update((one.source, one.edge.target, one.edge.kind) for one in cycle)
            yield cycle


class MissedWrites:
    """Finds the cycles with a read-write edge, component by component."""

    def __init__(self, knots: Knots, visibility: Visibility, shown: set[tuple[int, int, str | None]]) -> None:
        """`shown` are read-write edges, (reader, writer, key), that need no cycle any more."""
        self._knots = knots
        self._stale = visibility.stale
        self._implied = {self._identity(step): step for step in visibility.implied}
        self._shown = shown
        self._component = knots.of_all
        self._searcher = Searcher(knots.graph.size, self._component, knots.tied)
        self._has_order = any(edge.kind in {WW, DERIVED} for edges in knots.tied for edge in edges)
        self._found: set[int] = set()

    @property
    def is_cut(self) -> bool:
        """Whether cycles were left out."""
        return self._searcher.is_cut

    def __iter__(self) -> Iterator[Cycle]:
        """Yield the cycles, those of stale reads first. A component has at least one.

        What rests on a derived order is looked for only where nothing else explains a component:
        where visibility contradicts itself, every order that it implies closes a cycle.
        """
        if not self._knots.are_any:
            return
        for stale in self._stale:
            yield from self._cycle(Step(stale.reader, stale.edge), is_closed=True)
        for step in _inside(self._knots, self._component, RW):
            if self._identity(step) not in self._implied:
                yield from self._cycle(step, is_closed=False)
        yield from self._derived()

    def _derived(self) -> Iterator[Cycle]:
        inside = [step for step in self._implied.values() if self._is_inside(step)]
        for kinds in (READS, CERTAIN, ALL):
            for step in inside:
                if kinds == ALL or not self._searcher.gives_up():
                    yield from self._if_unexplained(step, kinds)
        for step in _inside(self._knots, self._component, DERIVED):
            yield from self._if_unexplained(step, CERTAIN)

    def _is_inside(self, step: Step) -> bool:
        return self._component[step.source] == self._component[step.edge.target]

    def _if_unexplained(self, step: Step, kinds: Collection[EdgeKind]) -> Iterator[Cycle]:
        if self._component[step.source] not in self._found:
            yield from self._note(step, self._searcher.cycle(step, kinds))

    def _cycle(self, step: Step, *, is_closed: bool) -> Iterator[Cycle]:
        home = self._component[step.source]
        if self._identity(step) in self._shown or (home in self._found and self._searcher.gives_up()):
            return
        cycle = self._searcher.cycle(step, CERTAIN) if is_closed or self._has_order else None
        if cycle is None and self._knots.is_apart(step.source, step.edge.target):
            cycle = self._searcher.cycle(step, ALL, is_apart=True)
        yield from self._note(step, cycle or self._searcher.cycle(step, ALL))

    def _note(self, step: Step, cycle: Cycle | None) -> Iterator[Cycle]:
        if cycle:
            simple = simple_cycle(cycle)
            missed = {self._identity(one) for one in simple if one.edge.kind is RW}
            self._found.add(self._component[step.source])
            if not missed or not missed <= self._shown:
                yield simple
            self._shown.update(missed)

    @staticmethod
    def _identity(step: Step) -> tuple[int, int, str | None]:
        return step.source, step.edge.target, step.edge.key


def simple_cycle(walk: Cycle) -> Cycle:
    """Return a part of a closed walk that is a cycle without repeats; of those kept apart, one kept apart."""
    while True:
        first: dict[int, int] = {}
        for place, step in enumerate(walk):
            if step.source in first:
                begin = first[step.source]
                inner, outer = walk[begin:place], walk[:begin] + walk[place:]
                break
            first[step.source] = place
        else:
            return walk
        walk = inner if _is_apart(inner) else outer
