"""Stretches: the pieces of a critical path while it is being found, latest first."""

from __future__ import annotations

import msgspec


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """An operation, by its event, that was on the path, and what it did there."""

    event: int
    label: str
    start_ns: int
    end_ns: int


WORK, NETWORK, QUEUE, LOCK, SCHEDULING = "work", "network", "queue", "lock", "scheduling"
"""The labels: doing something, or what it waited for."""


class Trail:
    """Collects stretches while walking back in time from `end_ns` to `start_ns`."""

    def __init__(self, start_ns: int, end_ns: int) -> None:
        self.start_ns = start_ns
        self.cursor_ns = end_ns
        self._stretches: list[Stretch] = []

    def back_to(self, time_ns: int, event: int, label: str) -> None:
        """Say what happened between `time_ns` and the cursor, and move the cursor there."""
        stretches, end_ns = self._stretches, self.cursor_ns
        time_ns = max(time_ns, self.start_ns)
        if time_ns >= end_ns:
            return
        if stretches and stretches[-1].event == event and stretches[-1].label == label:
            end_ns = stretches.pop().end_ns
        stretches.append(Stretch(event, label, time_ns, end_ns))
        self.cursor_ns = time_ns

    def forwards(self) -> list[Stretch]:
        """Return the stretches, earliest first."""
        return self._stretches[::-1]
