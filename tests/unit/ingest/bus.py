"""A bus that a test can make fail: it keeps JetStream's rules for publishers, in memory."""

from __future__ import annotations

import anyio

from raceway_common.ports.bus import BusWriter
from raceway_core.errors import Retryable


class WaywardBus(BusWriter):
    """Holds what is published. It refuses the next `refusals` publishes, and is silent while `is_silent`.

    `tried` is set at the first publish, `took` at the first that is held.
    """

    def __init__(self, *, max_body_bytes: int = 1 << 20) -> None:
        self.held: dict[str, bytes] = {}
        self.attempts = 0
        self.refusals = 0
        self.is_silent = False
        self.tried = anyio.Event()
        self.took = anyio.Event()
        self._max_body_bytes = max_body_bytes

    @property
    def max_body_bytes(self) -> int:
        return self._max_body_bytes

    async def publish(self, body: bytes, *, dedup_key: str) -> None:
        self.attempts += 1
        self.tried.set()
        if self.is_silent:
            await anyio.sleep_forever()
        if self.refusals:
            self.refusals -= 1
            raise Retryable("the bus is in a bad mood")
        assert len(body) <= self._max_body_bytes
        self.held.setdefault(dedup_key, body)
        self.took.set()

    async def check(self) -> None:
        if self.is_silent:
            raise Retryable("the bus is silent")
