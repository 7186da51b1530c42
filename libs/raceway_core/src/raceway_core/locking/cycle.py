"""Cycles of lock patterns: what could wait for each other in a circle, whoever does it and when.

A pattern is a lock wanted and the locks held. Patterns p1 … pk form a cycle if each wants a lock that
the next one holds, the last one from the first, and no lock is held in two of them, because such a
gate lets only one of them in. What both hold shared is no gate, and nobody waits for a shared lock
to get it shared.

Only locks that lead back to themselves are looked at, by Tarjan's components of the graph of locks;
where locks are taken in one order there are none, and the search ends before it begins.

Sources: Havelund 2000 (GoodLock, gate locks); Bensalem & Havelund 2005 (cycles of any length).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raceway_core.event import LockMode
from raceway_core.graph.cycle import knots_of
from raceway_core.identity import Lock
from raceway_core.locking.span import are_exclusive, excludes, key_of
from raceway_core.lockset import LockKey, Lockset

LONGEST = 4
"""Deadlocks of more tasks are not predicted."""

MOST_STEPS = 100_000
"""So many beginnings of cycles are looked at in one trace."""


class Pattern(NamedTuple):
    """A lock that is wanted while others are held; those in `inherited` by a waiting parent."""

    lock: Lock
    held: Lockset
    inherited: Lockset


class CycleSearch:
    """The cycles of some patterns. `is_cut` tells whether it gave up before it had seen all."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._holders = _holders(patterns)
        self._steps = MOST_STEPS
        self.is_cut = False

    def cycles(self) -> Iterator[tuple[int, ...]]:
        """Yield cycles of at most `LONGEST` patterns by number, short ones first.

        Each begins with its smallest number, and none has a shorter one within. A pattern may stand
        more than once, for several tasks that hold a lock shared.

        Time: O(sum of held sets) where locks are taken in one order, else `MOST_STEPS` more at most.
        """
        firsts = sorted({number for of_lock in self._holders.values() for number, _ in of_lock})
        paths: list[tuple[int, ...]] = [(number,) for number in firsts]
        while paths:
            longer: list[tuple[int, ...]] = []
            for path in paths:
                is_closed = self._waits(path[-1], path[0], is_self=len(path) == 1)
                if is_closed and self._is_chordless(path):
                    yield path
                if len(path) < LONGEST:
                    longer.extend(self._continued(path))
            paths = longer

    def _continued(self, path: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        wanted = self._patterns[path[-1]].lock
        for number, mode in self._holders.get(key_of(wanted), ()):
            if number < path[0]:
                continue
            self._steps -= 1
            if self._steps < 0:
                self.is_cut = True
                return
            held = self._patterns[number].held
            is_gated = any(are_exclusive(self._patterns[other].held, held) for other in path)
            if excludes(wanted.mode, mode) and not is_gated:
                yield (*path, number)

    def _is_chordless(self, path: tuple[int, ...]) -> bool:
        """Whether nobody on the cycle waits for anyone but the next."""
        size = len(path)
        return not any(
            self._waits(path[first], path[second], is_self=first == second)
            for first in range(size)
            for second in range(size)
            if second != (first + 1) % size
        )

    def _waits(self, first: int, second: int, *, is_self: bool) -> bool:
        """Whether a task wants what another holds; or what is held for itself."""
        holding = self._patterns[second]
        held = holding.inherited if is_self else holding.held
        return are_exclusive((self._patterns[first].lock,), held)


def _holders(patterns: Sequence[Pattern]) -> dict[LockKey, list[tuple[int, LockMode]]]:
    """Return by lock the patterns that hold it, if what they want can lead back to it."""
    knot_of = _knots(patterns)
    holders: dict[LockKey, list[tuple[int, LockMode]]] = {}
    for number, pattern in enumerate(patterns):
        wanted = key_of(pattern.lock)
        for lock in pattern.held:
            key = key_of(lock)
            if key == wanted or (key in knot_of and knot_of[key] == knot_of.get(wanted)):
                holders.setdefault(key, []).append((number, lock.mode))
    return holders


def _knots(patterns: Sequence[Pattern]) -> dict[LockKey, int]:
    """Return for each lock that lies on a cycle the number of its component."""
    number_of: dict[LockKey, int] = {}
    successors: dict[int, list[int]] = {}
    for pattern in patterns:
        wanted = number_of.setdefault(key_of(pattern.lock), len(number_of))
        for lock in pattern.held:
            held = number_of.setdefault(key_of(lock), len(number_of))
            successors.setdefault(held, []).append(wanted)
    knot_of = {lock: knot for knot, locks in enumerate(knots_of(successors)) for lock in locks}
    return {key: knot_of[number] for key, number in number_of.items() if number in knot_of}
