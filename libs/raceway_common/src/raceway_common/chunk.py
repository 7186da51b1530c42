"""Chunks: msgpack arrays of events, joined without decoding an event, stored compressed.

An array is a header, which tells how many items follow, and the items. Joining arrays is therefore
a new header before the concatenated items (msgpack specification, array format family).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import zstandard

from raceway_common.compression import decompress
from raceway_core.batch import decode_events
from raceway_core.errors import Rejected
from raceway_core.event import Event

_FIX, _ARRAY16, _ARRAY32 = 0x90, 0xDC, 0xDD


def join_arrays(arrays: Sequence[msgspec.Raw | bytes]) -> bytes:
    """Return one array of the items of all `arrays`, in order. Time: O(bytes), one copy.

    Raises:
        Rejected: One of them is not a msgpack array.
    """
    if len(arrays) == 1:
        return bytes(arrays[0])
    total = 0
    items: list[memoryview] = []
    for array in arrays:
        view = memoryview(array)
        count, start = _header(view)
        total += count
        items.append(view[start:])
    return b"".join((bytes((_ARRAY32,)), total.to_bytes(4, "big"), *items))


def _header(array: memoryview) -> tuple[int, int]:
    """Return how many items an array has, and where they begin."""
    first = array[0] if len(array) else 0
    if first & 0xF0 == _FIX:
        return first & 0x0F, 1
    if first == _ARRAY16 and len(array) >= 3:
        return int.from_bytes(array[1:3], "big"), 3
    if first == _ARRAY32 and len(array) >= 5:
        return int.from_bytes(array[1:5], "big"), 5
    raise Rejected(f"not a msgpack array of events: it begins with byte {first:#04x}")


def events_in(chunks: Iterable[bytes]) -> list[Event]:
    """Return the events of stored chunks, in their order, duplicates included.

    Raises:
        Rejected: A chunk is not an array of events.
    """
    try:
        return decode_events(map(decompress, chunks))
    except zstandard.ZstdError as error:
        raise Rejected(f"stored events cannot be read: {error}") from error
