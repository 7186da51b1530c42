"""Deeds: what a transaction does to a variable, as far as a predicted lost update asks.

Transactions that do the same, in the same places under the same locks, are told apart by nothing that
matters; so it is deeds that are compared, and transactions only counted.

What a window is known to do is the same in all windows of its shape, but for the locks that were free in
its gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import NamedTuple, TypeAlias

from raceway_core.across.accesses import Block, RunAccesses, side_in
from raceway_core.across.split import Gap, gaps_of
from raceway_core.across.window import Shape
from raceway_core.counting.fingerprint import Side
from raceway_core.lockset import LockKey, Lockset, is_guarded


class SplitUpdate(NamedTuple):
    """An update between whose read and write the `released` locks were free."""

    side: Side
    read: Lockset
    write: Lockset
    released: tuple[LockKey, ...]


class LockedWrite(NamedTuple):
    """A write under a lock."""

    side: Side
    lockset: Lockset


Deed: TypeAlias = tuple[frozenset[SplitUpdate], frozenset[LockedWrite]]


class Doer:
    """A transaction, with the first of its accesses for each thing that it does, by their numbers in the run.

    `trace` is the place of its trace among those of the run.
    """

    def __init__(self, trace: int) -> None:
        self.trace = trace
        self.updates: dict[SplitUpdate, tuple[int, int]] = {}
        self.writes: dict[LockedWrite, int] = {}

    @property
    def deed(self) -> Deed:
        """All that it does."""
        return frozenset(self.updates), frozenset(self.writes)

    @cached_property
    def accesses(self) -> list[int]:
        """The accesses that take part, at least one."""
        of_updates = [access for update in self.updates.values() for access in update]
        return [*of_updates, *self.writes.values()]


def doers_of(run: RunAccesses) -> list[Doer]:
    """Return the transactions that split an update or write under a lock. Time: O(k), k accesses."""
    doers: dict[int, Doer] = {}

    def doer_of(access: int) -> Doer:
        return doers.setdefault(int(run.transaction[access]), Doer(int(run.trace[access])))

    for block in run.blocks:
        for update, read, write in _split_updates(block):
            doer_of(write).updates.setdefault(update, (read, write))
        for locked_write, write in _locked_writes(block):
            doer_of(write).writes.setdefault(locked_write, write)
    return list(doers.values())


def _split_updates(block: Block) -> Iterator[tuple[SplitUpdate, int, int]]:
    gaps = committed_gaps(block.shape)
    if not gaps:
        return
    for accesses, stamps in zip(block.accesses.tolist(), block.stamps.tolist(), strict=True):
        for update, read, write in split_updates(block.shape, gaps, stamps):
            yield update, accesses[read], accesses[write]


def _locked_writes(block: Block) -> Iterator[tuple[LockedWrite, int]]:
    for kind, place in locked_writes(block.shape):
        yield from ((kind, access) for access in block.accesses[:, place].tolist())


def committed_gaps(shape: Shape) -> tuple[Gap, ...]:
    """Return where the updates that took effect in a window of a shape may have been split."""
    return tuple(gap for gap in gaps_of(shape) if shape.stands[gap.write].is_committed)


def split_updates(
    shape: Shape, gaps: Sequence[Gap], stamps: Sequence[int]
) -> Iterator[tuple[SplitUpdate, int, int]]:
    """Yield the split updates of a window by its stamps, with the places of their accesses.

    `gaps` are the `committed_gaps` of its shape.
    """
    for (read, write), of_update in groupby(gaps, key=lambda gap: gap[:2]):
        released = tuple(gap.lock for gap in of_update if gap.is_open(stamps))
        if released:
            before, after = (shape.stands[place] for place in (read, write))
            locksets = shape.locksets[before.lockset], shape.locksets[after.lockset]
            yield SplitUpdate(side_in(shape, after), *locksets, released), read, write


def locked_writes(shape: Shape) -> Iterator[tuple[LockedWrite, int]]:
    """Yield the writes under locks of each window of a shape, with their places."""
    for place, stand in enumerate(shape.stands):
        lockset = shape.locksets[stand.lockset]
        if stand.access_type.writes and stand.is_committed and lockset:
            yield LockedWrite(side_in(shape, stand), lockset), place


def may_lose(update: SplitUpdate, write: LockedWrite) -> bool:
    """Whether the update may lose the write, if another trace made it."""
    if not (is_guarded(update.read, write.lockset) and is_guarded(update.write, write.lockset)):
        return False
    common = _keys(update.read) & _keys(update.write) & _keys(write.lockset)
    return bool(common) and common.issubset(update.released)


def _keys(lockset: Lockset) -> set[LockKey]:
    return {(lock.name, lock.scope_key) for lock in lockset}


def deed_key(deed: Deed) -> tuple[bool, list[str], list[str]]:
    """Return what deeds are sorted by: those that may lose something first."""
    updates, writes = deed
    return not updates, sorted(map(repr, updates)), sorted(map(repr, writes))
