"""Random programs of locks, one run of each told as events, and all that their schedules can end in.

A task is a list of steps: it acquires and releases locks in any order, forks other tasks and joins
them. The explorer takes every schedule there is and looks in each state for tasks that wait in a
circle. That is the slow definition of a deadlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from random import Random
from typing import NamedTuple, TypeAlias

from tests.unit.core.build import Said, Story

from raceway_core.event import Event, LockMode

EXCLUSIVE, SHARED = LockMode.EXCLUSIVE, LockMode.SHARED
MAIN = "main"


class Step(NamedTuple):
    """What a task does: `acquire` or `release` a lock, `fork` or `join` a task."""

    action: str
    name: str
    mode: LockMode = EXCLUSIVE


Scripts: TypeAlias = Mapping[str, Sequence[Step]]
Deadlock: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""The tasks that wait for a lock, and the locks that they wait for."""

_State: TypeAlias = tuple[int, ...]


def random_scripts(
    random: Random, *, has_shared: bool = False, is_reentrant: bool = False, tasks: int = 3, size: int = 6
) -> Scripts:
    """Return a program whose main task forks the others, or they one another."""

    def locking(size: int) -> list[Step]:
        return _locking(random, size, has_shared=has_shared, is_reentrant=is_reentrant)

    names = [f"t{number}" for number in range(1, tasks + 1)]
    scripts = {name: locking(random.randint(2, size)) for name in names}
    scripts[MAIN] = locking(random.choice([0, 0, 2, 4]))
    for number, name in enumerate(names):
        forker = random.choice([MAIN, MAIN, *names[:number]])
        script = scripts[forker]
        fork = random.randint(0, len(script))
        script.insert(fork, Step("fork", name))
        if random.random() < 0.7:
            script.insert(random.randint(fork + 1, len(script)), Step("join", name))
    return scripts


def lone_scripts(
    random: Random, *, has_shared: bool = False, is_reentrant: bool = False, tasks: int = 3, size: int = 6
) -> Scripts:
    """Return a program whose main task only forks the others: nothing but locks keeps them apart."""
    names = [f"t{number}" for number in range(1, tasks + 1)]
    return {
        MAIN: [Step("fork", name) for name in names],
        **{
            name: _locking(random, random.randint(2, size), has_shared=has_shared, is_reentrant=is_reentrant)
            for name in names
        },
    }


def _locking(random: Random, size: int, *, has_shared: bool, is_reentrant: bool) -> list[Step]:
    """Return steps that acquire locks and release those held, all of them in the end.

    Re-entrant ones are now and then acquired again; they are exclusive.
    """
    steps: list[Step] = []
    held: list[Step] = []
    for _ in range(size):
        is_again = is_reentrant and random.random() < 0.1
        free = sorted("abc" if is_again else set("abc") - {step.name for step in held})
        if held and (not free or random.random() < 0.4):
            steps.append(held.pop(random.randrange(len(held)))._replace(action="release"))
        else:
            mode = SHARED if has_shared and random.random() < 0.4 else EXCLUSIVE
            held.append(Step("acquire", random.choice(free), mode))
            steps.append(held[-1])
    return [*steps, *(step._replace(action="release") for step in reversed(held))]


class Explorer:
    """The states of a program: how many steps each task has taken."""

    def __init__(self, scripts: Scripts) -> None:
        self._tasks = sorted(scripts)
        self._scripts = [scripts[task] for task in self._tasks]

    def deadlocks(self) -> set[Deadlock]:
        """Return every deadlock that any schedule can get into."""
        start = (0,) * len(self._tasks)
        seen, waiting = {start}, [start]
        found: set[Deadlock] = set()
        while waiting:
            state = waiting.pop()
            found |= self._circles(state)
            for successor in self._successors(state):
                if successor not in seen:
                    seen.add(successor)
                    waiting.append(successor)
        return found

    def run(self, random: Random) -> list[tuple[str, Step]] | None:
        """Return the steps of a random schedule; None if it did not get to the end."""
        state: _State = (0,) * len(self._tasks)
        taken: list[tuple[str, Step]] = []
        while ready := [task for task in range(len(state)) if self._is_ready(state, task)]:
            task = random.choice(ready)
            taken.append((self._tasks[task], self._scripts[task][state[task]]))
            state = self._advanced(state, task)
        return taken if self._is_done(state) else None

    def _successors(self, state: _State) -> Iterator[_State]:
        return (self._advanced(state, task) for task in range(len(state)) if self._is_ready(state, task))

    def _advanced(self, state: _State, task: int) -> _State:
        return tuple(taken + (number == task) for number, taken in enumerate(state))

    def _is_done(self, state: _State) -> bool:
        return all(taken == len(script) for taken, script in zip(state, self._scripts, strict=True))

    def _is_ready(self, state: _State, task: int) -> bool:
        return self._has_begun(state, task) and (
            state[task] < len(self._scripts[task]) and not self._awaited(state, task)
        )

    def _has_begun(self, state: _State, task: int) -> bool:
        fork = Step("fork", self._tasks[task])
        return self._tasks[task] == MAIN or any(
            fork in script[:taken] for script, taken in zip(self._scripts, state, strict=True)
        )

    def _held(self, state: _State, task: int) -> dict[str, LockMode]:
        held: dict[str, LockMode] = {}
        depth: Counter[str] = Counter()
        for step in self._scripts[task][: state[task]]:
            if step.action == "acquire":
                held[step.name] = step.mode
                depth[step.name] += 1
            elif step.action == "release":
                depth[step.name] -= 1
                if not depth[step.name]:
                    del held[step.name]
        return held

    def _awaited(self, state: _State, task: int) -> list[int]:
        """Return the tasks without which this one, which has begun, cannot take its next step."""
        if state[task] == len(self._scripts[task]):
            return []
        step = self._scripts[task][state[task]]
        others = [other for other in range(len(state)) if other != task]
        if step.action == "join":
            other = self._tasks.index(step.name)
            return [other] if state[other] < len(self._scripts[other]) else []
        if step.action != "acquire":
            return []
        held = [(other, self._held(state, other).get(step.name)) for other in others]
        return [other for other, mode in held if mode is not None and EXCLUSIVE in (mode, step.mode)]

    def _circles(self, state: _State) -> set[Deadlock]:
        """Return the circles in which nobody waits for anyone else on it but the next."""
        waits = {
            task: self._awaited(state, task) for task in range(len(state)) if self._has_begun(state, task)
        }
        blocked = [task for task, others in waits.items() if others]
        found: set[Deadlock] = set()
        for size in range(2, len(blocked) + 1):
            for circle in permutations(blocked, size):
                if all(
                    (other in waits[task]) is (circle[(place + 1) % size] == other)
                    for place, task in enumerate(circle)
                    for other in circle
                ):
                    steps = {task: self._scripts[task][state[task]] for task in circle}
                    asking = [task for task in circle if steps[task].action == "acquire"]
                    if asking:
                        names = frozenset(self._tasks[task] for task in asking)
                        found.add((names, frozenset(steps[task].name for task in asking)))
        return found


def told(run: Sequence[tuple[str, Step]], *, reentrant: bool) -> list[Event]:
    """Tell a run as the events that an SDK would record."""
    story = Story(service="bank")
    for task, step in run:
        said = Said(on=task, task=task, mode=step.mode, reentrant=reentrant)
        match step.action:
            case "acquire":
                story.acquire(step.name, **said)
            case "release":
                story.release(step.name, **said)
            case "fork":
                story.spawn(step.name, **said)
            case _:
                story.join(step.name, **said)
    return story.events


def std_lines(run: Sequence[tuple[str, Step]]) -> bytes:
    """Tell a run of exclusive locks in the `std` format."""
    words = {"acquire": "acq", "release": "rel"}
    lines = [
        f"{task}|{words.get(step.action, step.action)}({step.name})|{number}"
        for number, (task, step) in enumerate(run, 1)
    ]
    return "\n".join(lines).encode()
