"""What a trace adds to the sums of locks over all traces.

Sums are kept by *pattern* and by who shares the lock, without the instance: `accounts['alice'].lock` of
one process and `accounts['bob'].lock` of another are `accounts[*].lock` of `process:bank`. A row per lock
would grow with every object that has a lock and with every process start, and nobody could read it.

A trace adds to at most `MOST_LOCKS` of them; what its other locks add, those least waited for, goes to one
that is called `…`. Sums count microseconds, which is what it takes to record an event. A trace adds a day
at most to a lock, so that a hundred million traces whose clocks lie do not overflow a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from raceway_core.identity import pattern_of
from raceway_core.lock_use import held_ns, waited_ns
from raceway_core.result import LockHold, LockUse, TraceLocks

MOST_LOCKS = 1_000
OTHERS = "…"

MOST_US = 24 * 3600 * 1_000_000

_NS_PER_US = 1_000

_Key: TypeAlias = tuple[str, str]


class LockSum(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """`lock` is a pattern, `scope` who shares it; times are in microseconds."""

    lock: str
    scope: str
    holds: int
    hold_us: int
    waits: int
    wait_us: int
    contended: int
    contended_us: int


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[LockSum, ...])


def pack_lock_sums(locks: TraceLocks) -> bytes:
    """Return what a trace adds, as bytes; nothing where it took no lock."""
    if not locks.holds:
        return b""
    amounts = _amounts_of_uses(locks.uses_of_cut) if locks.uses_of_cut else _amounts_of_holds(locks.holds)
    if len(amounts) > MOST_LOCKS:
        amounts = _folded(amounts)
    sums = [
        (lock, scope, holds, _us(hold_ns), waits, _us(wait_ns), contended, _us(contended_ns))
        for (lock, scope), (holds, hold_ns, waits, wait_ns, contended, contended_ns) in amounts.items()
    ]
    return _encoder.encode(sums)


def unpack_lock_sums(packed: bytes) -> tuple[LockSum, ...]:
    """Return what a trace adds, in no particular order."""
    return _decoder.decode(packed) if packed else ()


def _amounts_of_holds(holds: Iterable[LockHold]) -> dict[_Key, list[int]]:
    amounts: dict[_Key, list[int]] = {}
    for hold in holds:
        row = amounts.setdefault(_key(hold.lock, hold.scope, hold.service), [0] * 6)
        row[0] += 1
        row[1] += held_ns(hold)
        if hold.asked_ns is not None:
            wait_ns = waited_ns(hold)
            row[2] += 1
            row[3] += wait_ns
            if hold.waits_in_row:
                row[4] += 1
                row[5] += wait_ns
    return amounts


def _amounts_of_uses(uses: Iterable[LockUse]) -> dict[_Key, list[int]]:
    amounts: dict[_Key, list[int]] = {}
    for use in uses:
        row = amounts.setdefault(_key(use.lock, use.scope, use.services[0]), [0] * 6)
        of_use = (use.holds, use.hold_ns, use.waits, use.wait_ns, use.contended, use.contended_ns)
        for place, amount in enumerate(of_use):
            row[place] += amount
    return amounts


def _folded(amounts: Mapping[_Key, Sequence[int]]) -> dict[_Key, list[int]]:
    """Return the amounts of the locks most waited for, then held longest, and of all others together."""
    ranked = sorted(amounts.items(), key=lambda item: (-item[1][3], -item[1][1], item[0]))
    kept = {key: list(row) for key, row in ranked[: MOST_LOCKS - 1]}
    rest = zip(*(row for _, row in ranked[MOST_LOCKS - 1 :]), strict=True)
    return kept | {(OTHERS, OTHERS): [sum(column) for column in rest]}


def _key(lock: str, scope: str, service: str) -> _Key:
    return pattern_of(lock), f"process:{service}" if scope.startswith("process:") else scope


def _us(ns: int) -> int:
    return min((ns + _NS_PER_US // 2) // _NS_PER_US, MOST_US)
