"""In one process intake goes first: analysis waits while batches come in, but never for long.

A batch that was answered is held by the bus, so nothing is lost by storing it a moment later; a
client that waits for its answer is held up at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

QUIET_S = 0.05
MOST_S = 1.0
"""A batch should be seen within two seconds also under load, so intake has one of them."""


class Courtesy:
    """Knows when the last batch came, and since when they come without a pause of `quiet_s`."""

    def __init__(
        self, *, quiet_s: float = QUIET_S, most_s: float = MOST_S, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._quiet_s = quiet_s
        self._most_s = most_s
        self._now_s = now_s
        self._last_s = self._since_s = now_s() - quiet_s

    def note_batch(self) -> None:
        """Take note of a batch that arrives now."""
        now_s = self._now_s()
        if now_s - self._last_s >= self._quiet_s:
            self._since_s = now_s
        self._last_s = now_s

    async def give_way(self) -> None:
        """Return after a pause of intake, or at once when it has had `most_s` seconds to itself."""
        while (wait_s := self.wait_s()) > 0:  # noqa: ASYNC110 -- only time ends a pause
            await anyio.sleep(wait_s)

    def wait_s(self) -> float:
        """Return how long to wait before asking again; zero or less when there is no reason to."""
        until_s = min(self._last_s + self._quiet_s, self._since_s + self._most_s)
        return until_s - self._now_s()
