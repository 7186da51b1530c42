"""Random programs, run and told as events: tasks of several processes that access, lock and talk.

Each task has a script. A scheduler picks whose next step is taken; who wants a lock that is held
waits. Now and then the wall clock is set back, and a request of a task begins or ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st
from tests.unit.core.build import Said, Story

from raceway_core.event import AccessType, Event, LockMode


class Task(NamedTuple):
    """Who may take a step."""

    name: str
    instance: str
    host: str | None


TASKS = (
    Task("t1", "i1", "h1"),
    Task("t2", "i1", "h1"),
    Task("t3", "i1", "h1"),
    Task("t4", "i2", "h1"),
    Task("t5", "i3", None),
)
KINDS = (AccessType.READ, AccessType.WRITE, *AccessType)


class Step(NamedTuple):
    """What a task does next, to what; `mode` is how a lock is taken."""

    action: str
    name: str = ""
    mode: LockMode = LockMode.EXCLUSIVE


class World(NamedTuple):
    """Who holds which lock in which mode, and which messages were sent."""

    held: dict[str, dict[str, LockMode]]
    sent: set[str]

    def lets(self, step: Step) -> bool:
        """Whether a step can be taken now: nobody receives what was not sent, nor holds what is held."""
        if step.action == "receive":
            return step.name in self.sent
        if step.action != "acquire":
            return True
        modes = self.held[step.name].values()
        return not modes if step.mode is LockMode.EXCLUSIVE else LockMode.EXCLUSIVE not in modes

    def change(self, task: Task, step: Step) -> None:
        """Take notice of a step."""
        if step.action == "send":
            self.sent.add(step.name)
        elif step.action == "acquire":
            self.held[step.name][task.name] = step.mode
        elif step.action == "release":
            del self.held[step.name][task.name]


class Run(list[Event]):
    """The events of a run, which show as a table of contents."""

    def __repr__(self) -> str:
        return "\n".join(
            f"{event.id} {event.metadata.task_id} {event.time_ns} {event.payload}" for event in self
        )


def programs(most: int = 40, *, is_steady: bool = False) -> st.SearchStrategy[list[Event]]:
    """Draw the events of a run with about `most` steps at most, on a steady clock or on any."""
    return st.builds(tell, st.randoms(use_true_random=True), st.integers(2, most), st.just(is_steady))


def tell(random: Random, size: int, is_steady: bool) -> list[Event]:
    """Run some random scripts and return what happened."""
    story = Story(service="bank")
    scripts = {task: list(_script(random, max(1, size // len(TASKS)))) for task in TASKS}
    world = World({"l": {}, "m": {}}, set())
    now_ms = 10.0
    while runnable := [task for task in TASKS if scripts[task] and world.lets(scripts[task][0])]:
        task = random.choice(runnable)
        step = scripts[task].pop(0)
        now_ms += random.choice([0.4, 1.0, 3.0] if is_steady else [0.0, 0.4, 1.0, 1.0, 3.0, -2.0])
        said = Said(task=task.name, on=task.name, instance=task.instance, host=task.host, at=now_ms)
        _take(story, step, random, said)
        world.change(task, step)
    return Run(story.events)


def _script(random: Random, size: int) -> Iterator[Step]:
    """Yield steps in which locks are released as they were acquired, and never two are held."""
    for _ in range(size):
        chance = random.random()
        if chance < 0.3:
            lock = random.choice("lm")
            mode = random.choice(list(LockMode))
            yield Step("acquire", lock, mode)
            yield from (Step("access") for _ in range(random.randint(0, 3)))
            yield Step("release", lock, mode)
        elif chance < 0.4:
            yield Step(random.choice(["send", "receive"]), random.choice("12"))
        elif chance < 0.5:
            yield Step(random.choice(["http", "answer"]))
        else:
            yield Step("access")


def _take(story: Story, step: Step, random: Random, said: Said) -> None:
    match step.action:
        case "access":
            said["place"] = f"bank.py:{random.randint(1, 3)}"
            if random.random() < 0.2:
                said["lasts_ms"] = random.choice([0.3, 2.0])
            story.access(random.choice(KINDS), random.choice("xxxy"), **said)
        case "acquire":
            said["mode"] = step.mode
            story.acquire(step.name, **said)
        case "release":
            said["mode"] = step.mode
            story.release(step.name, **said)
        case "send":
            story.send(step.name, **said)
        case "receive":
            story.receive(step.name, **said)
        case "http":
            story.http(**said)
        case _:
            story.answer(**said)
