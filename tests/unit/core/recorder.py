"""Tasks of one process with true vector clocks, as an SDK records them."""

from __future__ import annotations

from tests.unit.core.build import Story

from raceway_core.event import Event


class Recorder:
    """Runs tasks with true vector clocks, as an SDK does: every event advances the own component."""

    def __init__(self) -> None:
        self.story = Story(instance="i")
        self._clocks: dict[str, dict[str, int]] = {}

    def step(self, task: str, after: str | None = None) -> Event:
        """Record an event of `task`, which has heard of all that `after` did so far."""
        clock = self._clocks.setdefault(task, {})
        for component, count in self._clocks.get(after or "", {}).items():
            clock[component] = max(clock.get(component, 0), count)
        own = f"bank#i#{task}"
        clock[own] = clock.get(own, 0) + 1
        return self.story.write("x", task=task, clock=tuple(clock.items()))
