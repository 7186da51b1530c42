"""The key of a window's deeds (`raceway_core.deed_key`), from its shape and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from raceway_core.across.deed import (
    Deed,
    LockedWrite,
    SplitUpdate,
    committed_gaps,
    locked_writes,
    split_updates,
)
from raceway_core.across.split import Gap
from raceway_core.across.window import ACCESS_NUMBERS, Shape, read_shape
from raceway_core.deed_key import NO_DEEDS, SPLIT_RANK, WHOLE_RANK, DeedKey

_DIGEST_BYTES = 16

_encode = msgspec.msgpack.Encoder().encode


def deed_key_of(shape: Shape, packed: bytes, numbers: Sequence[int]) -> DeedKey:
    """Return the key of a window's deeds; `packed` is its shape as bytes.

    Time: O(1) where no access is under a lock, and for a shape that was met before and has no gaps.
    """
    if not any(shape.locksets):
        return NO_DEEDS
    known = _known_of(packed)
    if not known.gaps:
        return known.key
    stamps = numbers[len(shape.stands) * ACCESS_NUMBERS :]
    updates: dict[int, set[SplitUpdate]] = {}
    for update, _, write in split_updates(shape, known.gaps, stamps):
        updates.setdefault(shape.stands[write].transaction, set()).add(update)
    return _key_of(shape, updates) if updates else known.key


class _Known(NamedTuple):
    """What is the same in all windows of a shape. `key` is that of one whose gaps are closed."""

    gaps: tuple[Gap, ...]
    key: DeedKey


@lru_cache(maxsize=8192)
def _known_of(packed: bytes) -> _Known:
    shape = read_shape(packed)
    return _Known(committed_gaps(shape), _key_of(shape, {}))


def _key_of(shape: Shape, updates: Mapping[int, set[SplitUpdate]]) -> DeedKey:
    writes: dict[int, set[LockedWrite]] = {}
    for write, place in locked_writes(shape):
        writes.setdefault(shape.stands[place].transaction, set()).add(write)
    deeds: set[Deed] = {
        (frozenset(updates.get(transaction, ())), frozenset(writes.get(transaction, ())))
        for transaction in updates.keys() | writes.keys()
    }
    if not deeds:
        return NO_DEEDS
    return DeedKey((SPLIT_RANK if updates else WHOLE_RANK) + _digest(deeds))


def _digest(deeds: Iterable[Deed]) -> bytes:
    told = sorted(_encode([sorted(map(_encode, part)) for part in deed]) for deed in deeds)
    return blake2b(_encode(told), digest_size=_DIGEST_BYTES).digest()
