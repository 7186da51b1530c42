"""The turn of a window (`raceway_core.turn`), from its accesses."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from itertools import chain

import msgspec

from raceway_core.access import Access
from raceway_core.across.window import Shape
from raceway_core.event import LockMode
from raceway_core.lockset import LockKey, Lockset
from raceway_core.turn import NO_TURN, UNVERSIONED, PackedTurn, Turn, pack_turn

_RULES_BYTES = 12


def turn_of(shape: Shape, accesses: Sequence[Access], first_ns: int, last_ns: int) -> PackedTurn:
    """Return a window's turn, `NO_TURN` where its own accesses do not allow one. Time: O(accesses).

    Its rules are the locks that protect every access from every other one that holds them and,
    without versions, the process whose clock alone orders the accesses. A window that is split
    (`raceway_core.deed_key`) may be predicted to lose another, and must not be given one.
    """
    is_read_only = not any(access.access_type.writes for access in accesses)
    rules, seen, left = b"", UNVERSIONED, UNVERSIONED
    if locks := _common_locks(shape):
        processes = {actor[:3] for actor in shape.actors}
        if rise(accesses):
            rules = _digest(locks, ())
            seen = (accesses[0].version or 0) - accesses[0].access_type.writes
            left = accesses[-1].version or 0
        elif len(processes) == 1 and all(access.version is None for access in accesses):
            rules = _digest(locks, processes.pop())
    if not is_read_only and not rules:
        return NO_TURN
    return pack_turn(Turn(rules, is_read_only, first_ns, last_ns, seen, left))


def rise(accesses: Sequence[Access]) -> bool:
    """Whether all versions are known, never fall, and rise with each write."""
    highest = -1
    for access in accesses:
        if access.version is None or access.version < highest + access.access_type.writes:
            return False
        highest = access.version
    return True


def guards(lockset: Lockset, *, is_write: bool) -> set[LockKey]:
    """Return the locks that protect an access from every other one that holds them."""
    return {
        (name, scope_key) for name, scope_key, mode in lockset if not is_write or mode is LockMode.EXCLUSIVE
    }


def _common_locks(shape: Shape) -> set[LockKey]:
    kinds = {(stand.lockset, stand.access_type.writes) for stand in shape.stands}
    return set.intersection(*[guards(shape.locksets[lockset], is_write=writes) for lockset, writes in kinds])


def _digest(locks: Collection[LockKey], process: Sequence[str | int]) -> bytes:
    names = msgspec.json.encode([*chain.from_iterable(sorted(locks)), "", *process])
    return hashlib.blake2b(names, digest_size=_RULES_BYTES).digest()
