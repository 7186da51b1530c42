"""Schedules: whether tasks can get to certain places at once, as causes and locks let them.

That requests are concurrent does not mean that they can meet. Before its request a task may have had
to pass through locks that another one must hold by then:

    T1   acq a · acq b · rel b · acq c ?
    T2   acq b · acq a · rel a · acq c · acq a ?

T1 keeps a from its first step on, and T2 keeps b; each had to pass through what the other keeps. So a
schedule is looked for, step by step: a task moves on when the causes of its next event have happened
and the lock that it acquires is free.

A stretch after which a task holds no lock more than before it is run at once when it can be: it
takes nothing from the others. The same goes for a lock that a task keeps to its goal and that nobody
else needs until then. Only where several tasks are each in the midst of something does the search try
who goes first; there it is exponential in the worst case, as the problem is, and it is bounded.

Sources: Kalhauge & Palsberg 2018 (deadlock prediction as the search for a schedule); Tunç et al.
2023 (its complexity).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from raceway_core.event import LockMode
from raceway_core.locking.program import Step
from raceway_core.locking.span import excludes, key_of
from raceway_core.lockset import LockKey

MOST_BRANCHES = 2_000
"""So many choices are tried for one goal."""

MOST_MOVES = 1_000_000
"""So many steps are taken in the search for all the goals of one trace."""


class Steps(Protocol):
    """What chains do: `raceway_core.locking.program.Program`, or `raceway_core.locking.line.Lines`."""

    @property
    def steps(self) -> Sequence[Sequence[Step]]:
        """By chain, its steps in order."""
        ...

    @property
    def step_of(self) -> Mapping[int, tuple[int, int]]:
        """The chain and the index of the step of each source that a step names."""
        ...

    def goals(self, places: Mapping[int, int]) -> dict[int, int]:
        """Return how many steps each chain has taken when it stands before its place."""
        ...

    def limits(self, places: Mapping[int, int]) -> dict[int, int] | None:
        """Return how many steps each chain may have to take; None if that cannot lead there."""
        ...


AnySteps = TypeVar("AnySteps", bound=Steps)


class Scheduler(Generic[AnySteps]):
    """Answers whether goals can be reached; it shares one bound among all of them.

    `has_given_up` tells whether it ever answered no because the search took too long.
    """

    def __init__(self, program: AnySteps, most_moves: int = MOST_MOVES) -> None:
        self.program = program
        self.has_given_up = False
        self._moves = most_moves

    @property
    def moves_left(self) -> int:
        """How many moves it may still make."""
        return self._moves

    def can_meet(self, places: Mapping[int, int]) -> bool:
        """Whether the chains named can all stand before the nodes at these places at once."""
        if self._moves <= 0:
            self.has_given_up = True
            return False
        limits = self.program.limits(places)
        if limits is None:
            return False
        search = _Search(self.program, limits, self.program.goals(places), self._moves)
        is_possible = search.succeeds()
        self._moves -= search.moves + sum(limits.values())
        self.has_given_up |= search.has_given_up
        return is_possible


class _State(NamedTuple):
    """How many of their steps the chains have taken, and who holds what."""

    taken: dict[int, int]
    holders: dict[LockKey, dict[int, LockMode]]

    def copy(self) -> _State:
        holders = {key: of_lock.copy() for key, of_lock in self.holders.items() if of_lock}
        return _State(self.taken.copy(), holders)


class _Search:
    """The search for one goal; chains take no more steps than their limits."""

    def __init__(
        self, program: Steps, limits: Mapping[int, int], goals: Mapping[int, int], most_moves: int
    ) -> None:
        self._program = program
        self._steps = program.steps
        self._limits = limits
        self._goals = goals
        self._uses = _last_uses(program, limits)
        self._kept = {chain: _kept(program.steps[chain][: limits[chain]]) for chain in goals}
        self._most_moves = most_moves
        self.moves = 0
        self.has_given_up = False

    def succeeds(self) -> bool:
        """Whether the goal was reached."""
        waiting = [_State(dict.fromkeys(self._limits, 0), {})]
        seen: set[tuple[int, ...]] = set()
        while waiting:
            state = waiting.pop()
            self._settle(state)
            if all(state.taken[chain] == goal for chain, goal in self._goals.items()):
                return True
            taken = tuple(state.taken.values())
            if taken not in seen:
                seen.add(taken)
                if len(seen) > MOST_BRANCHES or self.moves > self._most_moves:
                    self.has_given_up = True
                    return False
                waiting.extend(self._choices(state))
        return False

    def _settle(self, state: _State) -> None:
        """Take all the steps that take nothing from anybody."""
        has_moved = True
        while has_moved and self.moves <= self._most_moves:
            has_moved = False
            for chain in self._limits:
                has_moved |= self._advance(state, chain)

    def _advance(self, state: _State, chain: int) -> bool:
        """Run a chain on to the last point at which it holds nothing new; return whether it moved."""
        steps, limit = self._steps[chain], self._limits[chain]
        index = begin = kept = state.taken[chain]
        fresh: set[LockKey] = set()
        undo: list[tuple[LockKey, LockMode | None]] = []
        while index < limit and self._can_run(state, chain, steps[index]):
            undo.extend(_run(state, chain, steps[index]))
            self._note(state, chain, index, fresh)
            index += 1
            if not fresh:
                kept = index
                undo.clear()
        for key, mode in reversed(undo):
            _set(state, chain, key, mode)
        state.taken[chain] = kept
        self.moves += index - begin + 1
        return kept > begin

    def _note(self, state: _State, chain: int, index: int, fresh: set[LockKey]) -> None:
        """Keep account of the locks that were acquired and may be missed by others."""
        step = self._steps[chain][index]
        if step.acquires is not None:
            key, mode = key_of(step.acquires), step.acquires.mode
            is_kept = self._kept.get(chain, {}).get(key) == index
            if not is_kept or self._is_needed(state, chain, key, mode, among=self._limits):
                fresh.add(key)
        elif step.releases is not None:
            fresh.discard(step.releases)

    def _is_needed(
        self, state: _State, chain: int, key: LockKey, mode: LockMode, *, among: Mapping[int, int]
    ) -> bool:
        """Whether another chain of these has yet to pass through the lock."""
        return any(
            last >= state.taken[other]
            for (other, held), last in self._uses.get(key, {}).items()
            if other != chain and other in among and excludes(mode, held)
        )

    def _choices(self, state: _State) -> Iterator[_State]:
        """Yield what becomes of each chain's next step, as far as it can lead to the goal."""
        for chain, limit in self._limits.items():
            index = state.taken[chain]
            if index == limit or not self._can_run(state, chain, step := self._steps[chain][index]):
                continue
            if step.acquires is not None and self._kept.get(chain, {}).get(key_of(step.acquires)) == index:
                key, mode = key_of(step.acquires), step.acquires.mode
                if self._is_needed(state, chain, key, mode, among=self._goals):
                    continue
            chosen = state.copy()
            _run(chosen, chain, step)
            chosen.taken[chain] += 1
            yield chosen

    def _can_run(self, state: _State, chain: int, step: Step) -> bool:
        lock = step.acquires
        if lock is not None and any(
            other != chain and excludes(mode, lock.mode)
            for other, mode in state.holders.get(key_of(lock), {}).items()
        ):
            return False
        step_of = self._program.step_of
        return all(state.taken.get(step_of[node][0], 0) > step_of[node][1] for node in step.sources)


def _run(state: _State, chain: int, step: Step) -> list[tuple[LockKey, LockMode | None]]:
    """Let a step acquire or release; return what was held before."""
    if step.acquires is not None:
        return [_set(state, chain, key_of(step.acquires), step.acquires.mode)]
    if step.releases is not None:
        return [_set(state, chain, step.releases, None)]
    return []


def _set(state: _State, chain: int, key: LockKey, mode: LockMode | None) -> tuple[LockKey, LockMode | None]:
    holders = state.holders.setdefault(key, {})
    before = holders.pop(chain, None)
    if mode is not None:
        holders[chain] = mode
    return key, before


def _last_uses(program: Steps, limits: Mapping[int, int]) -> dict[LockKey, dict[tuple[int, LockMode], int]]:
    """Return the last step below the limits at which each chain acquires each lock."""
    uses: dict[LockKey, dict[tuple[int, LockMode], int]] = {}
    for chain, limit in limits.items():
        for index, step in enumerate(program.steps[chain][:limit]):
            if step.acquires is not None:
                uses.setdefault(key_of(step.acquires), {})[chain, step.acquires.mode] = index
    return uses


def _kept(steps: Sequence[Step]) -> dict[LockKey, int]:
    """Return the locks that a chain holds after some steps, with those that acquired them."""
    kept: dict[LockKey, int] = {}
    for index, step in enumerate(steps):
        if step.acquires is not None:
            kept[key_of(step.acquires)] = index
        elif step.releases is not None:
            kept.pop(step.releases, None)
    return kept
