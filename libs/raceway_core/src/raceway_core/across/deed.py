"""Deeds: what a transaction does to a variable, as far as a predicted lost update asks.

Transactions that do the same, in the same places under the same locks, are told apart by nothing that
matters; so it is deeds that are compared, and transactions only counted.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple, TypeAlias

from raceway_core.access import Access, TransactionKey, transaction_key
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.split import released_between
from raceway_core.counting.fingerprint import Side, side_of
from raceway_core.event import TraceId
from raceway_core.lockset import LockKey, Lockset, is_guarded
from raceway_core.write_order import Update, updates_of


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
    """A transaction, with the first of its accesses for each thing that it does."""

    def __init__(self, trace_id: TraceId) -> None:
        self.trace_id = trace_id
        self.updates: dict[SplitUpdate, Update] = {}
        self.writes: dict[LockedWrite, Access] = {}

    @property
    def deed(self) -> Deed:
        """All that it does."""
        return frozenset(self.updates), frozenset(self.writes)

    @cached_property
    def accesses(self) -> list[Access]:
        """The accesses that take part, at least one."""
        of_updates = [access for update in self.updates.values() for access in update]
        return [*of_updates, *self.writes.values()]

    @cached_property
    def start_ns(self) -> int:
        """When the first of them began."""
        return min(access.start_ns for access in self.accesses)


def doers_of(run: RunAccesses) -> list[Doer]:
    """Return the transactions that split an update or write under a lock. Time: O(k), k accesses."""
    doers: dict[TransactionKey, Doer] = {}
    accesses = run.committed()
    for update in updates_of(accesses):
        read, write = update
        released = released_between(read.lockset, run.story(read), write.lockset, run.story(write))
        if released:
            kind = SplitUpdate(side_of(write), read.lockset, write.lockset, tuple(sorted(released)))
            _doer(doers, write).updates.setdefault(kind, update)
    for access in accesses:
        if access.access_type.writes and access.lockset:
            kind_of_write = LockedWrite(side_of(access), access.lockset)
            _doer(doers, access).writes.setdefault(kind_of_write, access)
    return list(doers.values())


def _doer(doers: dict[TransactionKey, Doer], access: Access) -> Doer:
    return doers.setdefault(transaction_key(access), Doer(access.trace_id))


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
