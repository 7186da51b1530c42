"""Ways: how a chain got to a request for a lock, from the last moment at which it held none.

What came before that moment takes nothing from anybody, so it can be over before others begin. What
came after it decides whether tasks can meet (`raceway_core.locking.schedule`): a lock that was kept, and
one that was taken and given back on the way while others were kept.

A loop that takes and gives back one lock again and again can do so in one go; it is a single pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from raceway_core.identity import Lock
from raceway_core.locking.program import Step, lock_steps
from raceway_core.locking.span import Span, key_of
from raceway_core.lockset import LockKey

MOST_MOVES = 64
"""A longer way is not kept: it is the way of data, not of code."""


class Move(NamedTuple):
    """A lock that is acquired, or given back."""

    lock: Lock
    is_acquire: bool


Way: TypeAlias = tuple[Move, ...]


class Ways:
    """The ways on one chain."""

    def __init__(self, spans: Sequence[Span]) -> None:
        """Read the chain's holds, which are in order of their begins. Time: O(h log h)."""
        steps = sorted(lock_steps(spans), key=lambda step: step.place)
        self._ways = list(_ways_of(steps))

    def until(self, places: Sequence[int]) -> Mapping[int, Way | None]:
        """Return for each place the way to just before it, None where it is too long.

        `places` are in order. Time: O(h + places), h holds.
        """
        found: dict[int, Way | None] = {}
        index = 0
        for place in places:
            while index + 1 < len(self._ways) and self._ways[index + 1][0] < place:
                index += 1
            found[place] = self._ways[index][1]
        return found


def _ways_of(steps: Sequence[Step]) -> Iterator[tuple[int, Way | None]]:
    """Yield the way after each step, and the one before all."""
    yield -1, ()
    moves: list[Move] = []
    held: dict[LockKey, Lock] = {}
    for step in steps:
        if step.acquires is not None:
            held[key_of(step.acquires)] = step.acquires
            moves.append(Move(step.acquires, is_acquire=True))
        elif step.releases is not None and step.releases in held:
            moves.append(Move(held.pop(step.releases), is_acquire=False))
            _forget_again(moves)
        if not held:
            moves.clear()
        yield step.place, tuple(moves) if len(moves) <= MOST_MOVES else None


def _forget_again(moves: list[Move]) -> None:
    """Forget a pass that only does what the pass just before it did."""
    size = _pass_at_end(moves)
    if size and moves[-size:] == moves[-2 * size : -size]:
        del moves[-size:]


def _pass_at_end(moves: Sequence[Move]) -> int:
    """Return how many moves the pass at the end has, 0 if what it acquired is not all given back."""
    last = key_of(moves[-1].lock)
    kept = -1
    for size in range(2, min(len(moves) // 2, MOST_MOVES) + 1):
        move = moves[-size]
        kept += 1 if move.is_acquire else -1
        if move.is_acquire and key_of(move.lock) == last:
            return 0 if kept else size
    return 0
