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
from raceway_core.event import LockRequest
from raceway_core.locking.cycle import CycleSearch, Pattern
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

MOST_DEADLOCKS = 500
"""So many are predicted of one trace."""

MOST_GROUPS = 20_000
"""So many groups of tasks are asked whether they meet."""


class Deadlocks(NamedTuple):
    """The wait cycles of a trace, one per deadlock, actual ones first. `is_cut`: there may be more."""

    cycles: Sequence[WaitCycle]
    is_cut: bool


_NONE = Deadlocks((), is_cut=False)


def find_deadlocks(graph: CausalGraph, clocks: Clocks, holds: Sequence[Hold], options: Options) -> Deadlocks:
    """Return the deadlocks of a trace.

    Time: O(n log n) where locks are taken in one order, and O(1) where at most one lock was taken
    once; else what the searches take, which are bounded.
    """
    if not holds or (len(holds) == 1 and not graph.payloads.numbers(LockRequest)):
        return _NONE
    pending = pending_of(graph, options)
    if len(graph.chains) == 1 and not pending:
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


class _Prediction:
    """The search for what could happen, with its bounds."""

    def __init__(self, wants: Sequence[Want], clocks: Clocks, program: Callable[[], Program]) -> None:
        self._by_pattern: dict[Pattern, list[Want]] = {}
        for want in wants:
            pattern = Pattern(want.lock, want.held, want.inherited)
            self._by_pattern.setdefault(pattern, []).append(want)
        self._clocks = clocks
        self._program = program
        self.is_cut = False

    def cycles(self, known: Container[Key]) -> Iterator[WaitCycle]:
        """Yield the deadlocks that can happen and are not `known`, which may grow meanwhile."""
        patterns = list(self._by_pattern)
        search = CycleSearch(patterns)
        scheduler: Scheduler | None = None
        groups = found = 0
        for numbers in search.cycles():
            for group in _groups([self._by_pattern[patterns[number]] for number in numbers]):
                groups += 1
                if groups > MOST_GROUPS or found == MOST_DEADLOCKS:
                    self.is_cut = True
                    return
                if _key_of(group) in known:
                    continue
                scheduler = scheduler or Scheduler(self._program())
                cycle = self._meeting(group, scheduler)
                if cycle is not None:
                    found += 1
                    yield cycle
        self.is_cut = search.is_cut

    def _meeting(self, group: Sequence[Want], scheduler: Scheduler) -> WaitCycle | None:
        """Return the first moment at which the tasks could all wait for one another."""
        program = scheduler.program
        for events in meetings([want.events for want in group], self._clocks):
            places = {want.chain: program.place_of(event) for want, event in zip(group, events, strict=True)}
            places |= {waiter.chain: waiter.place for want in group for waiter in want.waiters}
            if scheduler.can_meet(places):
                return WaitCycle(tuple(map(_wait, group, events)), is_actual=False)
        return None


def _groups(choices: Sequence[Sequence[Want]], chosen: tuple[Want, ...] = ()) -> Iterator[tuple[Want, ...]]:
    """Yield a want of each choice, so that no chain takes part twice. As deep as there are choices."""
    if len(chosen) == len(choices):
        yield chosen
        return
    taken = {chain for want in chosen for chain in want.chains}
    for want in choices[len(chosen)]:
        if taken.isdisjoint(want.chains):
            yield from _groups(choices, (*chosen, want))


def _key_of(group: Iterable[Want]) -> Key:
    return frozenset(want.chain for want in group), frozenset(key_of(want.lock) for want in group)


def _wait(want: Want, event: int) -> Wait:
    own = tuple(lock for lock in want.held if lock not in want.inherited)
    waiters = tuple(waiter.event for waiter in want.waiters)
    return Wait(want.chain, event, want.lock, own, want.held, waiters)
