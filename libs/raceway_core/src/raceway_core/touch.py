"""Touches: what one trace's accesses to one variable add to the sums over all traces.

Many traces touch their variables alike, so packed touches are mostly equal and are unpacked once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NewType

import msgspec

PackedTouches = NewType("PackedTouches", bytes)
"""`Touches` as they are stored, or `NO_TOUCHES`."""

NO_TOUCHES = PackedTouches(b"")


class Touches(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """`race_pairs` are the trace's own, without the guarded ones; an atomic update reads and writes.

    `owner` is the one service that can touch the variable, because its scope is that service or a
    process of it; of a variable of everybody it is empty, and `services` are those that did.
    """

    accesses: int = 0
    reads: int = 0
    writes: int = 0
    race_pairs: int = 0
    owner: str = ""
    services: tuple[str, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Touches)


def pack_touches(touches: Touches) -> PackedTouches:
    """Return `touches` as a window carries them."""
    return PackedTouches(_encoder.encode(touches))


@lru_cache(maxsize=4096)
def unpack_touches(packed: PackedTouches) -> Touches:
    """Return what was packed."""
    return _decoder.decode(packed) if packed else Touches()
