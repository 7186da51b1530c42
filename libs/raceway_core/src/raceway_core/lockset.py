"""Locksets: which locks were held, and how, at each event of a trace.

What a client sent with an event counts. Else the lockset follows from the acquires and releases of
the event's own chain: a lock that a parent task holds protects nothing in its child. An acquire and
a release are recorded while holding, so both are inside the hold that they begin and end.

A re-entrant lock is held until it was released as often as acquired; another one until its first
release, so that a release that was never recorded hides races only until the next one.

Source: Savage et al. 1997, Eraser (locksets).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import Event, LockAcquire, LockMode, LockPayload, LockRelease
from raceway_core.identity import Lock, Process, lock_of, lock_of_entry
from raceway_core.options import Options
from raceway_core.transaction import events_on

Lockset: TypeAlias = tuple[Lock, ...]
"""Sorted, each lock once: exclusive if it is held exclusively at all."""

LockKey: TypeAlias = tuple[str, str]
"""Name and scope key: the lock, however it is held."""


def is_guarded(first: Lockset, second: Lockset) -> bool:
    """Whether a lock is in both locksets, held exclusively at least once."""
    if not first or not second:
        return False
    return any(
        mine.name == theirs.name
        and mine.scope_key == theirs.scope_key
        and LockMode.EXCLUSIVE in (mine.mode, theirs.mode)
        for mine in first
        for theirs in second
    )


class Hold(NamedTuple):
    """A lock held on one chain, from the acquire that got it to the release that gave it back.

    `release` is None where it was not recorded. `grant` is the lock's own counter, if sent.
    """

    lock: Lock
    acquire: int
    release: int | None
    grant: int | None


class Locks(NamedTuple):
    """The lockset of each event, and all holds, by chain and in program order."""

    locksets: Sequence[Lockset]
    holds: Sequence[Hold]


def locks_of(graph: CausalGraph, options: Options) -> Locks:
    """Return what was held when. Time: O(n), plus the size of the locksets."""
    locksets: list[Lockset] = [()] * len(graph.events)
    holds: list[Hold] = []
    chain_of = graph.chain_of
    acquires, releases = dict(graph.payloads.of(LockAcquire)), dict(graph.payloads.of(LockRelease))
    for chain in sorted({chain_of[event] for event in (*acquires, *releases)}):
        walk = _Walk(graph.chains[chain].process, options)
        for number in events_on(graph, chain):
            if acquire := acquires.get(number):
                walk.acquire(number, acquire)
            locksets[number] = walk.lockset
            if release := releases.get(number):
                walk.release(number, release)
        holds.extend(walk.finish())
    for number, event in enumerate(graph.events):
        if event.lock_set:
            process = graph.chains[chain_of[number]].process
            locksets[number] = _sent(event, process, locksets[number], options)
    return Locks(locksets, holds)


def _sent(event: Event, process: Process, derived: Lockset, options: Options) -> Lockset:
    """Return the lockset that was sent. A bare name takes scope and mode from the chain's own hold."""
    named = {lock.name: lock for lock in derived}
    locks: dict[LockKey, Lock] = {}
    for entry in event.lock_set:
        known = named.get(entry) if isinstance(entry, str) else None
        lock = known or lock_of_entry(entry, process, options.lock_scope)
        key = (lock.name, lock.scope_key)
        if key not in locks or lock.mode is LockMode.EXCLUSIVE:
            locks[key] = lock
    return tuple(locks[key] for key in sorted(locks))


class _Held(NamedTuple):
    """An open hold: the modes of its acquires that were not released yet, and where it began."""

    modes: list[LockMode]
    acquire: int
    grant: int | None


class _Walk:
    """What one chain holds between two of its events."""

    def __init__(self, process: Process, options: Options) -> None:
        self._process = process
        self._scope = options.lock_scope
        self._held: dict[LockKey, _Held] = {}
        self._holds: list[Hold] = []
        self.lockset: Lockset = ()

    def finish(self) -> list[Hold]:
        """Return all holds; those still open have no release."""
        for key in sorted(self._held):
            self._close(key, None)
        return sorted(self._holds, key=lambda hold: hold.acquire)

    def acquire(self, event: int, payload: LockAcquire) -> None:
        """Take the lock at the chain's next event."""
        lock = lock_of(payload, self._process, self._scope)
        key = (lock.name, lock.scope_key)
        held = self._held.get(key)
        if held is not None and is_reentrant(payload):
            held.modes.append(lock.mode)
        else:
            if held is not None:
                self._close(key, None)
            grant = None if payload.grant is None else int(payload.grant)
            self._held[key] = _Held([lock.mode], event, grant)
        self.lockset = self._current()

    def release(self, event: int, payload: LockRelease) -> None:
        """Give the lock back at the chain's next event."""
        lock = lock_of(payload, self._process, self._scope)
        key = (lock.name, lock.scope_key)
        held = self._held.get(key)
        if held is None:
            return
        if len(held.modes) == 1:
            self._close(key, event)
        else:
            held.modes.remove(lock.mode if lock.mode in held.modes else held.modes[-1])
        self.lockset = self._current()

    def _close(self, key: LockKey, release: int | None) -> None:
        held = self._held.pop(key)
        self._holds.append(Hold(Lock(*key, held.modes[0]), held.acquire, release, held.grant))

    def _current(self) -> Lockset:
        return tuple(Lock(*key, _mode(held.modes)) for key, held in sorted(self._held.items()))


def _mode(modes: Sequence[LockMode]) -> LockMode:
    return LockMode.EXCLUSIVE if LockMode.EXCLUSIVE in modes else LockMode.SHARED


def is_reentrant(payload: LockPayload) -> bool:
    """Whether the holder may acquire the lock again.

    Clients of the original protocol say so only in the type's name.
    """
    if payload.reentrant is not None:
        return payload.reentrant
    name = payload.lock_type.lower()
    return name.endswith(".rlock") or name == "rlock" or "reentrant" in name or "recursive" in name
