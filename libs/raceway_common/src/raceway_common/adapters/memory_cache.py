"""A cache in this process: least recently used goes first, bounded by bytes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from raceway_common.ports.cache import Cache

_OVERHEAD_BYTES = 200


class _Entry(msgspec.Struct, frozen=True, gc=False):
    version: int
    value: bytes
    expires_s: float


class MemoryCache(Cache):
    """Holds about `most_bytes` of keys and values."""

    def __init__(self, *, most_bytes: int = 64 << 20, now_s: Callable[[], float] = time.monotonic) -> None:
        self._most_bytes = most_bytes
        self._now_s = now_s
        self._held_bytes = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    async def get(self, key: str, *, version: int) -> bytes | None:
        entry = self._living(key)
        if entry is None or entry.version != version:
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def put(self, key: str, value: bytes, *, version: int, ttl_s: float) -> None:
        held = self._living(key)
        if held is not None and held.version > version:
            return
        self._drop(key)
        self._entries[key] = _Entry(version, value, self._now_s() + ttl_s)
        self._held_bytes += _size(key, value)
        while self._held_bytes > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def _living(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.expires_s <= self._now_s():
            self._drop(key)
            return None
        return entry

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held_bytes -= _size(key, entry.value)


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _OVERHEAD_BYTES
