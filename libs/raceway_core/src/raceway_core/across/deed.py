"""Deeds: what a transaction does to a variable, as far as a predicted lost update asks.

Transactions that do the same, in the same places under the same locks, are told apart by nothing that
matters; so it is deeds that are compared, and transactions only counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import groupby
from typing import NamedTuple, TypeAlias

from raceway_core.across.accesses import Block, RunAccesses
from raceway_core.across.split import gaps_of
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
        for update, read, write in _split_updates(run, block):
            doer_of(write).updates.setdefault(update, (read, write))
        for locked_write, write in _locked_writes(run, block):
            doer_of(write).writes.setdefault(locked_write, write)
    return list(doers.values())


def _split_updates(run: RunAccesses, block: Block) -> Iterator[tuple[SplitUpdate, int, int]]:
    gaps = [gap for gap in gaps_of(block.shape) if block.shape.stands[gap.write].is_committed]
    if not gaps:
        return
    for accesses, stamps in zip(block.accesses.tolist(), block.stamps.tolist(), strict=True):
        for (read_place, write_place), of_update in groupby(gaps, key=lambda gap: gap[:2]):
            released = tuple(gap.lock for gap in of_update if gap.is_open(stamps))
            if released:
                read, write = accesses[read_place], accesses[write_place]
                before, after = (run.roles[int(run.role[access])] for access in (read, write))
                yield SplitUpdate(after.side, before.lockset, after.lockset, released), read, write


def _locked_writes(run: RunAccesses, block: Block) -> Iterator[tuple[LockedWrite, int]]:
    for place, stand in enumerate(block.shape.stands):
        lockset = block.shape.locksets[stand.lockset]
        if stand.access_type.writes and stand.is_committed and lockset:
            of_windows = block.accesses[:, place].tolist()
            kind = LockedWrite(run.roles[int(run.role[of_windows[0]])].side, lockset)
            yield from ((kind, access) for access in of_windows)


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
