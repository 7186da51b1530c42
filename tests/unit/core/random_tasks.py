"""Random runs of many tasks of two services: they start others, await them, send messages and write."""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st
from tests.unit.core.build import Said, Story

from raceway_core.event import Event

SERVICES = ("web", "store")


def task_runs(most: int = 120) -> st.SearchStrategy[list[Event]]:
    """Draw the events of a run of at most so many steps."""
    return st.builds(_Tasks, st.randoms(use_true_random=True), st.integers(2, most)).map(
        lambda run: run.events
    )


class _Tasks:
    """Runs until all steps are made. A task is named by its service and a number."""

    def __init__(self, random: Random, steps: int) -> None:
        self._story = Story()
        self._random = random
        self._running = [(service, "root") for service in SERVICES]
        self._sent = 0
        self._nests = random.random()
        self._story.write("total", service=SERVICES[0], task="root")
        for _ in range(steps - 1):
            self._step()
        self.events = self._story.events

    def _step(self) -> None:
        way = self._random.choices(("spawn", "write", "await", "send", "receive"), (6, 4, 5, 1, 1))[0]
        is_nested = self._random.random() < self._nests
        service, task = self._running[-1] if is_nested else self._random.choice(self._running)
        said = Said(service=service, task=task)
        if way == "spawn":
            name = f"t{len(self._story.events)}"
            self._story.spawn(name, **said)
            self._running.append((service, name))
        elif way == "write":
            self._story.write("total", **said)
        elif way == "await":
            self._await(service, task, said)
        elif way == "send":
            self._sent += 1
            self._story.send(f"m{self._sent}", **said)
        elif self._sent:
            self._story.receive(f"m{self._random.randint(1, self._sent)}", **said)

    def _await(self, service: str, task: str, said: Said) -> None:
        others = [one for one in self._running if one[0] == service and one[1] not in ("root", task)]
        if others:
            ended = self._random.choice(others)
            self._running.remove(ended)
            self._story.join(ended[1], **said)
