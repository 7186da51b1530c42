"""Deadlocks of one trace: those that it ended in, and those that it could have ended in.

A deadlock is a circle of tasks each of which waits for a lock that the next one holds.

    actual      requests that were never granted, while the owners wait themselves
                (`raceway_core.locking.wait_for`)
    predicted   wants that form a cycle (`raceway_core.locking.cycle`) of two to four tasks, at
                requests that are pairwise concurrent in C (`raceway_core.locking.meeting`), to which
                causes and locks let the tasks get (`raceway_core.locking.schedule`)

A task that wants what its waiting parent holds is a deadlock of one. What is predicted can happen
with the same tasks doing the same things in another order; data that would lead them elsewhere is not
considered. One deadlock is a set of tasks together with the set of locks that they want.

Sources: Havelund 2000; Bensalem & Havelund 2005; Tunç et al. 2023; and those of the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import AsyncAwait
from raceway_core.locking.cycle import CycleSearch, Pattern
from raceway_core.locking.group import ByLane, Group, Grouping, TooManyGroups
from raceway_core.locking.meeting import meetings
from raceway_core.locking.program import Program
from raceway_core.locking.schedule import Scheduler
from raceway_core.locking.span import Places, key_of, spans_of
from raceway_core.locking.wait_cycle import Key, Wait, WaitCycle
from raceway_core.locking.wait_for import stuck_cycles
from raceway_core.locking.waiting import pending_of
from raceway_core.locking.want import Want, wants_of
from raceway_core.lockset import Hold
from raceway_core.options import Options

MOST_DEADLOCKS = 2_000
"""So many are predicted of one trace."""

MOST_EVENTS = 300_000
"""So many events are looked at to see which groups of tasks meet, some of them often."""


class Deadlocks(NamedTuple):
    """The wait cycles of a trace, one per deadlock, actual ones first. `is_cut`: there may be more."""

    cycles: Sequence[WaitCycle]
    is_cut: bool


_NONE = Deadlocks((), is_cut=False)


def find_deadlocks(graph: CausalGraph, clocks: Clocks, holds: Sequence[Hold], options: Options) -> Deadlocks:
    """Return the deadlocks of a trace.

    Time: O(n log n) where locks are taken in one order, O(h) for h holds where no chain has two; else
    what the searches take, which are bounded.
    """
    if not holds:
        return _NONE
    pending = pending_of(graph, options)
    if not pending and not _can_wait_holding(graph, holds):
        return _NONE
    places = Places(graph)
    spans = spans_of(graph, holds, places)
    actual = stuck_cycles(graph, spans, pending)
    wants = wants_of(graph, clocks, spans, pending, places)
    if not wants:
        return Deadlocks(actual, is_cut=False)
    prediction = _Prediction(wants, clocks, lambda: Program(graph, spans, places))
    found = {cycle.key: cycle for cycle in actual}
    for cycle in prediction.cycles(found):
        found[cycle.key] = cycle
    return Deadlocks(list(found.values()), prediction.is_cut)


def _can_wait_holding(graph: CausalGraph, holds: Sequence[Hold]) -> bool:
    """Whether there are several chains, and one of them took two locks, or awaited a task."""
    if len(graph.chains) == 1 or len(holds) == 1:
        return False
    return len({graph.chain_of[hold.acquire] for hold in holds}) < len(holds) or bool(
        graph.payloads.numbers(AsyncAwait)
    )


class _Prediction:
    """The search for what could happen, with its bounds."""

    def __init__(self, wants: Sequence[Want], clocks: Clocks, program: Callable[[], Program]) -> None:
        by_pattern: dict[Pattern, list[Want]] = {}
        for want in wants:
            by_pattern.setdefault(Pattern(want.lock, want.held, want.inherited), []).append(want)
        self._search = CycleSearch(list(by_pattern))
        self._wants = list(by_pattern.values())
        self._clocks = clocks
        self._program = program
        self.is_cut = False

    def cycles(self, known: Container[Key]) -> Iterator[WaitCycle]:
        """Yield the deadlocks that can happen and are not `known`, which may grow meanwhile."""
        scheduler: Scheduler[Program] | None = None
        found = 0
        for group in self._groups():
            if _key_of(group) in known:
                continue
            scheduler = scheduler or Scheduler(self._program())
            cycle = self._meeting(group, scheduler)
            self.is_cut |= scheduler.has_given_up or found == MOST_DEADLOCKS
            if found == MOST_DEADLOCKS:
                return
            if cycle is not None:
                yield cycle
                found += 1

    def _groups(self) -> Iterator[Group]:
        grouping = Grouping(self._clocks, MOST_EVENTS)
        by_lane: dict[int, ByLane] = {}
        try:
            for numbers in self._search.cycles():
                for number in numbers:
                    by_lane[number] = by_lane.get(number) or grouping.by_lane(self._wants[number])
                yield from grouping.groups([by_lane[number] for number in numbers])
        except TooManyGroups:
            self.is_cut = True
        self.is_cut |= self._search.is_cut

    def _meeting(self, group: Group, scheduler: Scheduler[Program]) -> WaitCycle | None:
        """Return the first moment at which the tasks could all wait for one another."""
        program = scheduler.program
        for events in meetings([want.events for want in group], self._clocks):
            places = {want.chain: program.place_of(event) for want, event in zip(group, events, strict=True)}
            places |= {waiter.chain: waiter.place for want in group for waiter in want.waiters}
            if scheduler.can_meet(places):
                return WaitCycle(tuple(map(_wait, group, events)), is_actual=False)
        return None


def _key_of(group: Iterable[Want]) -> Key:
    return frozenset(want.chain for want in group), frozenset(key_of(want.lock) for want in group)


def _wait(want: Want, event: int) -> Wait:
    own = tuple(lock for lock in want.held if lock not in want.inherited)
    waiters = tuple(waiter.event for waiter in want.waiters)
    return Wait(want.chain, event, want.lock, own, want.held, waiters)
