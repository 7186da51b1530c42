"""Classes: accesses of one variable that no rule of races can tell apart but by their order.

A class is a side (service, place, kind of access) and a lockset. Which classes conflict, and which
are guarded against each other, is answered for all classes at once, as a mask.

Code that makes up its locations, one per access, would make a class of each access and a finding of
each pair. Beyond `MOST_SIDES` the rarest places are therefore counted together, as `OTHER`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from raceway_core.access import Access, is_conflict
from raceway_core.counting.fingerprint import Side, side_of
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.event import AccessType, LockMode
from raceway_core.identity import Lock, Place
from raceway_core.lockset import LockKey, Lockset

MOST_SIDES = 500
OTHER = Place("(other places)", "", "")


def sides_of(accesses: Sequence[Access]) -> tuple[list[Side], list[int]]:
    """Return the sides, sorted, and the number of each access's side."""
    stands = _stands(accesses)
    counted_as = counted_sides(Counter(stands))
    sides = sorted(set(counted_as.values()), key=side_key)
    number_of = {side: number for number, side in enumerate(sides)}
    number_as = {side: number_of[counted] for side, counted in counted_as.items()}
    return sides, [number_as[side] for side in stands]


def counted_sides(counts: Mapping[Side, int]) -> dict[Side, Side]:
    """Return the side as which each is counted, given how many accesses there are of each."""
    if len(counts) <= MOST_SIDES:
        return {side: side for side in counts}
    kept = set(sorted(counts, key=lambda side: (-counts[side], side_key(side)))[:MOST_SIDES])
    return {side: side if side in kept else Side("", OTHER, side.access_type) for side in counts}


def _stands(accesses: Iterable[Access]) -> list[Side]:
    """Return the side of each access, equal ones as one object: most accesses share their parts."""
    known: dict[tuple[int, int, AccessType], Side] = {}
    stands = []
    for access in accesses:
        key = (id(access.process), id(access.place), access.access_type)
        side = known.get(key)
        if side is None:
            side = known[key] = side_of(access)
        stands.append(side)
    return stands


def side_key(side: Side) -> tuple[str, Place, str]:
    """Return what sides are sorted by."""
    return (side.service, side.place, side.access_type.value)


class Classes:
    """The classes of some accesses: `of_access` numbers them, `side` and `size` are by class."""

    def __init__(self, accesses: Sequence[Access]) -> None:
        self.sides, self.side_of_access = sides_of(accesses)
        locksets = _meaningful([access.lockset for access in accesses])
        number_of: dict[tuple[int, Lockset], int] = {}
        of_access = [
            number_of.setdefault(each, len(number_of))
            for each in zip(self.side_of_access, locksets, strict=True)
        ]
        self.of_access: Integers = np.array(of_access, dtype=np.int64)
        self.side: Integers = np.array([side for side, _ in number_of], dtype=np.int64)
        self.size: Integers = np.bincount(self.of_access, minlength=len(number_of))
        self._locksets = [lockset for _, lockset in number_of]
        self._held, self._held_alone = _holders(self._locksets)

    def conflicting(self, number: int) -> Flags:
        """Tell of each class whether its accesses conflict with those of class `number`."""
        mine = self.sides[self.side[number]].access_type
        by_side = np.array([is_conflict(mine, side.access_type) for side in self.sides])
        flags: Flags = by_side[self.side]
        return flags

    def guarded(self, number: int) -> Flags:
        """Tell of each class whether a lock protects its accesses against those of class `number`."""
        flags = np.zeros(len(self.size), dtype=np.bool_)
        for name, scope_key, mode in self._locksets[number]:
            holders = self._held if mode is LockMode.EXCLUSIVE else self._held_alone
            flags[holders.get((name, scope_key), [])] = True
        return flags


def _meaningful(locksets: Sequence[Lockset]) -> list[Lockset]:
    """Leave out of each lockset what only one of them has: it protects nothing."""
    uses = Counter((lock.name, lock.scope_key) for lockset in locksets for lock in lockset)
    kept = {
        lockset: tuple(lock for lock in lockset if uses[lock.name, lock.scope_key] > 1)
        for lockset in set(locksets)
    }
    return [kept[lockset] for lockset in locksets]


def _holders(
    locksets: Sequence[tuple[Lock, ...]],
) -> tuple[dict[LockKey, list[int]], dict[LockKey, list[int]]]:
    """Return for each lock the classes that hold it, and those that hold it exclusively."""
    held: dict[LockKey, list[int]] = {}
    alone: dict[LockKey, list[int]] = {}
    for number, lockset in enumerate(locksets):
        for name, scope_key, mode in lockset:
            held.setdefault((name, scope_key), []).append(number)
            if mode is LockMode.EXCLUSIVE:
                alone.setdefault((name, scope_key), []).append(number)
    return held, alone
