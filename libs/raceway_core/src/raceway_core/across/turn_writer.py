"""The turn of a window (`raceway_core.turn`), from its body."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from itertools import chain

import msgspec

from raceway_core.across.glance import guards, rise
from raceway_core.across.split import has_split
from raceway_core.across.window import Body
from raceway_core.lockset import LockKey
from raceway_core.turn import NO_TURN, UNVERSIONED, PackedTurn, Turn, pack_turn

_RULES_BYTES = 12


def turn_of(body: Body, first_ns: int, last_ns: int) -> PackedTurn:
    """Return a window's turn, `NO_TURN` where its own accesses do not allow one. Time: O(accesses).

    Its rules are the locks that protect every access from every other one that holds them and,
    without versions, the process whose clock alone orders the accesses. An update between whose read and
    write a lock was free may be predicted to lose another, whatever turn it takes.
    """
    rows = body.rows
    is_read_only = not any(row.access_type.writes for row in rows)
    rules, seen, left = b"", UNVERSIONED, UNVERSIONED
    if locks := _common_locks(body):
        processes = {actor[:3] for actor in body.actors}
        if rise(rows):
            rules = _digest(locks, ())
            seen, left = (rows[0].version or 0) - rows[0].access_type.writes, rows[-1].version or 0
        elif len(processes) == 1 and all(row.version is None for row in rows):
            rules = _digest(locks, processes.pop())
    if not is_read_only and (not rules or has_split(body)):
        return NO_TURN
    return pack_turn(Turn(rules, is_read_only, first_ns, last_ns, seen, left))


def _common_locks(body: Body) -> set[LockKey]:
    kinds = {(row.lockset, row.access_type.writes) for row in body.rows}
    return set.intersection(*[guards(body.locksets[lockset], is_write=writes) for lockset, writes in kinds])


def _digest(locks: Collection[LockKey], process: Sequence[str | int]) -> bytes:
    names = msgspec.json.encode([*chain.from_iterable(sorted(locks)), "", *process])
    return hashlib.blake2b(names, digest_size=_RULES_BYTES).digest()
