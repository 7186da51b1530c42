"""What a trace adds to the sums of locks over all traces.

Sums are kept by *pattern* and by who shares the lock, without the instance: `accounts['alice'].lock` of
one process and `accounts['bob'].lock` of another are `accounts[*].lock` of `process:bank`. A row per lock
would grow with every object that has a lock and with every process start, and nobody could read it.

They count microseconds, which is what it takes to record an event. A trace adds a day at most to a
lock, so that a hundred million traces whose clocks lie do not overflow a column.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_core.identity import pattern_of
from raceway_core.lock_use import held_ns, waited_ns
from raceway_core.result import TraceLocks

MOST_US = 24 * 3600 * 1_000_000

_NS_PER_US = 1_000


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
    sums: dict[tuple[str, str], list[int]] = {}
    for use in locks.uses_of_cut:
        service = use.services[0] if use.services else ""
        amounts = (use.holds, use.hold_ns, use.waits, use.wait_ns, use.contended, use.contended_ns)
        _add(sums, _key(use.lock, use.scope, service), amounts)
    for hold in () if sums else locks.holds:
        wait_ns, contended = waited_ns(hold), int(hold.waits_in_row > 0)
        waits = (int(hold.asked_ns is not None), wait_ns, contended, wait_ns * contended)
        _add(sums, _key(hold.lock, hold.scope, hold.service), (1, held_ns(hold), *waits))
    return _encoder.encode([_sum(*key, *amounts) for key, amounts in sums.items()])


def unpack_lock_sums(packed: bytes) -> tuple[LockSum, ...]:
    """Return what a trace adds, in no particular order."""
    return _decoder.decode(packed) if packed else ()


def _key(lock: str, scope: str, service: str) -> tuple[str, str]:
    return pattern_of(lock), f"process:{service}" if scope.startswith("process:") else scope


def _add(sums: dict[tuple[str, str], list[int]], key: tuple[str, str], amounts: Sequence[int]) -> None:
    known = sums.get(key)
    sums[key] = list(amounts) if known is None else [a + b for a, b in zip(known, amounts, strict=True)]


def _sum(lock: str, scope: str, *amounts: int) -> LockSum:
    holds, hold_ns, waits, wait_ns, contended, contended_ns = amounts
    return LockSum(lock, scope, holds, _us(hold_ns), waits, _us(wait_ns), contended, _us(contended_ns))


def _us(ns: int) -> int:
    return min((ns + _NS_PER_US // 2) // _NS_PER_US, MOST_US)
