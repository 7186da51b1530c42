"""A cache of answers. Losing it costs time, never correctness."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    async def get(self, key: str, *, version: int) -> bytes | None:
        """Return what was put under `key` with exactly this `version`, or None.

        An unreachable cache is an empty one: this never raises.
        """
        ...

    async def put(self, key: str, value: bytes, *, version: int, ttl_s: float) -> None:
        """Keep `value` for at most `ttl_s` seconds; an older version never replaces a newer one.

        An unreachable cache forgets: this never raises.
        """
        ...
