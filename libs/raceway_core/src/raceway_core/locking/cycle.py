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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

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


_Holder: TypeAlias = tuple[int, LockMode]
"""A pattern by number, and how it holds a lock."""


class CycleSearch:
    """The cycles of some patterns. `is_cut` tells whether it gave up before it had seen all."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = patterns
        self._holders = _holders(patterns)
        self._closers = _closers(patterns, self._holders)
        self._steps = MOST_STEPS
        self.is_cut = False

    def cycles(self) -> Iterator[tuple[int, ...]]:
        """Yield cycles of at most `LONGEST` patterns by number, short ones first.

        Each begins with its smallest number, and none has a shorter one within. A pattern may stand
        more than once, for several tasks that hold a lock shared. Cycles of two are all found, unless
        they alone are more than `MOST_STEPS`.

        Time: O(sum of held sets) where locks are taken in one order, else `MOST_STEPS` more at most.
        """
        firsts = sorted({number for of_lock in self._holders.values() for number, _ in of_lock})
        paths: list[tuple[int, ...]] = [(number,) for number in firsts]
        yield from (path for path in paths if self._waits(path[0], path[0], is_self=True))
        for size in range(2, LONGEST + 1):
            for path in paths:
                yield from filter(self._is_chordless, self._longer(path, self._closing(path)))
            if size < LONGEST:
                paths = [longer for path in paths for longer in self._longer(path, self._next(path))]

    def _next(self, path: Sequence[int]) -> Iterable[_Holder]:
        """Return the patterns that hold what the last of a path wants."""
        return self._holders.get(key_of(self._patterns[path[-1]].lock), ())

    def _closing(self, path: Sequence[int]) -> Iterator[_Holder]:
        """Yield those of them that want what the first of the path holds."""
        wanted = key_of(self._patterns[path[-1]].lock)
        for lock in self._patterns[path[0]].held:
            for holder in self._closers.get((wanted, key_of(lock)), ()):
                if excludes(self._patterns[holder[0]].lock.mode, lock.mode):
                    yield holder

    def _longer(self, path: tuple[int, ...], holders: Iterable[_Holder]) -> Iterator[tuple[int, ...]]:
        wanted = self._patterns[path[-1]].lock
        for number, mode in holders:
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


class Wanting(Protocol):
    """What wants a lock while others are held."""

    @property
    def lock(self) -> Lock: ...

    @property
    def held(self) -> Lockset: ...


def knotted(patterns: Iterable[Wanting]) -> list[int]:
    """Return the numbers of those that can be part of a cycle, as far as lock names tell.

    The patterns are read once, and none of them is kept. Time: O(sum of held sets).
    """
    knots = _Knots(patterns)
    return [number for number in range(len(knots)) if any(knots.lead_back(number))]


class _Knots:
    """Tells which of the locks that patterns hold can be led back to by what they want.

    Locks are numbered: many small numbers are kept sooner than many locks.
    """

    def __init__(self, patterns: Iterable[Wanting]) -> None:
        number_of: dict[LockKey, int] = {}
        self._asked: list[tuple[int, tuple[int, ...]]] = []
        successors: dict[int, list[int]] = {}
        for pattern in patterns:
            wanted, *held = (
                number_of.setdefault(key_of(lock), len(number_of)) for lock in (pattern.lock, *pattern.held)
            )
            self._asked.append((wanted, tuple(held)))
            for lock in held:
                successors.setdefault(lock, []).append(wanted)
        self._knot_of = {lock: knot for knot, locks in enumerate(knots_of(successors)) for lock in locks}

    def __len__(self) -> int:
        return len(self._asked)

    def lead_back(self, number: int) -> list[bool]:
        """Tell of each lock that a pattern holds whether its want can lead back to it."""
        wanted, held = self._asked[number]
        knot = self._knot_of.get(wanted, -1)
        return [lock == wanted or (knot >= 0 and self._knot_of.get(lock) == knot) for lock in held]


def _holders(patterns: Sequence[Pattern]) -> dict[LockKey, list[_Holder]]:
    """Return by lock the patterns that hold it, if what they want can lead back to it."""
    knots = _Knots(patterns)
    holders: dict[LockKey, list[_Holder]] = {}
    for number, pattern in enumerate(patterns):
        for lock, leads_back in zip(pattern.held, knots.lead_back(number), strict=True):
            if leads_back:
                holders.setdefault(key_of(lock), []).append((number, lock.mode))
    return holders


def _closers(
    patterns: Sequence[Pattern], holders: Mapping[LockKey, Sequence[_Holder]]
) -> dict[tuple[LockKey, LockKey], list[_Holder]]:
    """Return the same by the lock held and the lock wanted."""
    closers: dict[tuple[LockKey, LockKey], list[_Holder]] = {}
    for held, of_lock in holders.items():
        for number, mode in of_lock:
            closers.setdefault((held, key_of(patterns[number].lock)), []).append((number, mode))
    return closers
