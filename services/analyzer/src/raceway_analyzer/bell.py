"""A bell between tasks: who waits for work hears that some came."""

from __future__ import annotations

import anyio


class Bell:
    """Rings for everybody who waits at that moment; one that rings unheard wakes the next to wait."""

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Wake whoever waits. Never blocks."""
        self._rung.set()

    async def wait(self, *, at_most_s: float) -> None:
        """Return at the next ring, or after `at_most_s` seconds."""
        with anyio.move_on_after(at_most_s):
            await self._rung.wait()
        self._rung = anyio.Event()
