"""Locksets: which locks were held, and how, at each event of a trace.

What a client sent with an event counts. Else the lockset follows from the acquires and releases of
the event's own chain: a lock that a parent task holds protects nothing in its child. An acquire and
a release are recorded while holding, so both are inside the hold that they begin and end.

A re-entrant lock is held until it was released as often as acquired; another one until its first
release, so that a release that was never recorded hides races only until the next one.

A chain that never gives back what it takes would make the locksets of n events n²/2 locks. Of more than
`MOST_HELD` the ones taken last are kept: older ones are likelier to have been released unseen. That is
counted, since what a lock protects that was left out looks unprotected. The holds are always complete.

Source: Savage et al. 1997, Eraser (locksets).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import Event, LockAcquire, LockMode, LockPayload, LockRelease
from raceway_core.identity import Lock, Process, lock_of, lock_of_entry
from raceway_core.options import Options
from raceway_core.transaction import events_on

Lockset: TypeAlias = tuple[Lock, ...]
"""Sorted, each lock once: exclusive if it is held exclusively at all."""

MOST_HELD = 64
"""So many locks are in a derived lockset."""

LockKey: TypeAlias = tuple[str, str]
"""Name and scope key: the lock, however it is held."""


def lockset_of(locks: Iterable[Lock]) -> Lockset:
    """Return locks, which may be there in several modes, as a lockset. Time: O(d log d), d locks."""
    found: dict[LockKey, Lock] = {}
    for lock in locks:
        key = (lock.name, lock.scope_key)
        if key not in found or lock.mode is LockMode.EXCLUSIVE:
            found[key] = lock
    return tuple(found[key] for key in sorted(found))


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
    """The lockset of each event, and all holds, by chain and in program order.

    `cut` counts the events at which more than `MOST_HELD` locks were held.
    """

    locksets: Sequence[Lockset]
    holds: Sequence[Hold]
    cut: int = 0


def locks_of(graph: CausalGraph, options: Options) -> Locks:
    """Return what was held when. Time: O(n·d log d), d locks held at once, `MOST_HELD` at most."""
    locksets: list[Lockset] = [()] * len(graph.events)
    holds: list[Hold] = []
    cut = 0
    chain_of = graph.chain_of
    marks: dict[int, LockPayload] = dict(graph.payloads.of(LockAcquire))
    marks.update(graph.payloads.of(LockRelease))
    for chain in sorted({chain_of[event] for event in marks}):
        walk = _Walk(graph.chains[chain].process, options)
        for number in events_on(graph, chain):
            if mark := marks.get(number):
                locksets[number] = walk.step(number, mark)
            elif walk.lockset:
                locksets[number] = walk.lockset
            cut += walk.is_cut
        holds.extend(walk.finish())
    for number, event in enumerate(graph.events):
        if event.lock_set:
            process = graph.chains[chain_of[number]].process
            locksets[number] = _sent(event, process, locksets[number], options)
    return Locks(locksets, holds, cut)


def _sent(event: Event, process: Process, derived: Lockset, options: Options) -> Lockset:
    """Return the lockset that was sent. A bare name takes scope and mode from the chain's own hold."""
    named = {lock.name: lock for lock in derived}
    return lockset_of(
        (named.get(entry) if isinstance(entry, str) else None)
        or lock_of_entry(entry, process, options.lock_scope)
        for entry in event.lock_set
    )


class _Held:
    """A hold that may still be open: its lock as acquired, and how many acquires were not released yet."""

    __slots__ = ("acquire", "grant", "lock", "modes", "release")

    def __init__(self, lock: Lock, acquire: int, grant: int | None) -> None:
        self.lock = lock
        self.acquire = acquire
        self.release: int | None = None
        self.grant = grant
        self.modes = {lock.mode: 1}

    @property
    def now(self) -> Lock:
        """The lock as held by all of its acquires together: exclusively if by one of them."""
        mode = LockMode.EXCLUSIVE if LockMode.EXCLUSIVE in self.modes else LockMode.SHARED
        return self.lock if self.lock.mode is mode else self.lock._replace(mode=mode)

    def again(self, mode: LockMode) -> None:
        """Count one more acquire."""
        self.modes[mode] = self.modes.get(mode, 0) + 1

    def gives_back(self, mode: LockMode) -> bool:
        """Count a release, and tell whether it was the last."""
        released = mode if mode in self.modes else next(iter(self.modes))
        self.modes[released] -= 1
        if not self.modes[released]:
            del self.modes[released]
        return not self.modes


class _Walk:
    """What one chain holds between two of its events. `is_cut`: the lockset lacks some of it."""

    def __init__(self, process: Process, options: Options) -> None:
        self._process = process
        self._scope = options.lock_scope
        self._held: dict[LockKey, _Held] = {}
        self._all: list[_Held] = []
        self.lockset: Lockset = ()
        self.is_cut = False

    def finish(self) -> list[Hold]:
        """Return all holds in program order; those still open have no release."""
        return [Hold(held.lock, held.acquire, held.release, held.grant) for held in self._all]

    def step(self, event: int, payload: LockPayload) -> Lockset:
        """Take or give back a lock at the chain's next event, and return what is held there."""
        lock = lock_of(payload, self._process, self._scope)
        before = self.lockset
        if isinstance(payload, LockAcquire):
            self._acquire(event, lock, payload)
        else:
            self._release(event, lock)
        held = self._held
        self.is_cut = len(held) > MOST_HELD
        last = islice(reversed(held), MOST_HELD) if self.is_cut else held
        self.lockset = tuple([held[key].now for key in sorted(last)])
        return self.lockset if isinstance(payload, LockAcquire) else before

    def _acquire(self, event: int, lock: Lock, payload: LockAcquire) -> None:
        key = (lock.name, lock.scope_key)
        held = self._held.get(key)
        if held is not None and is_reentrant(payload):
            held.again(lock.mode)
            return
        grant = None if payload.grant is None else int(payload.grant)
        self._held.pop(key, None)  # what is taken last stands last
        self._held[key] = _Held(lock, event, grant)
        self._all.append(self._held[key])

    def _release(self, event: int, lock: Lock) -> None:
        key = (lock.name, lock.scope_key)
        if (held := self._held.get(key)) and held.gives_back(lock.mode):
            self._held.pop(key).release = event


def is_reentrant(payload: LockPayload) -> bool:
    """Whether the holder may acquire the lock again.

    Clients of the original protocol say so only in the type's name.
    """
    if payload.reentrant is not None:
        return payload.reentrant
    name = payload.lock_type.lower()
    return name.endswith(".rlock") or name == "rlock" or "reentrant" in name or "recursive" in name
