"""Tasks and traces: who records, and what it knows of the others.

A *task* is what really runs one thing after another: a request's handler, a thread, an asyncio
task, one call on a pool. Each has an id of its own, its own component in the vector clock, and the
locks that it holds. A *trace* is one request's events; what runs outside any request belongs to the
*ambient* trace of its process.

A spawn is cheap and silent: the AsyncSpawn event is made when it happens and kept in the child's
`origin`, and sent only when the child records something. A server that starts a thread for each
connection so sends none.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from raceway.clock import MOST_ENTRIES, NOTHING, Clock, cut, learn
from raceway.location import Site
from raceway.value import Fields

if TYPE_CHECKING:
    from raceway.process import Process

Held: TypeAlias = tuple[str, str, str]
"""A lock in a lockset: its id, its mode, its scope."""

EventRef: TypeAlias = int | str | None
"""An event of this process by its number, one of another process by its id."""

MOST_SILENT_SPAWNS = 32
"""A longer line of tasks none of which recorded anything is cut: it would be kept for ever."""


class Trace:
    """One request's events. `span_id` is that of this process's part of it."""

    __slots__ = ("id", "is_cut", "is_sampled", "span_id", "state", "upstream_span_id")

    def __init__(self, trace_id: str, span_id: str, *, is_sampled: bool = True) -> None:
        self.id = trace_id
        self.span_id = span_id
        self.is_sampled = is_sampled
        self.is_cut = False
        self.upstream_span_id: str | None = None
        self.state: str | None = None


class Task:
    """See the module.

    `last` is the latest event that was recorded, and `count` its value of the own component.
    `learned` is what the task knows of others; it is replaced, never changed.
    """

    __slots__ = (
        "component",
        "count",
        "depth",
        "held",
        "id",
        "last",
        "learned",
        "origin",
        "process",
        "tick",
        "trace",
    )

    def __init__(self, process: Process, task_id: str, trace: Trace, learned: Clock = NOTHING) -> None:
        self.process = process
        self.id = task_id
        self.component = f"{process.component}#{task_id}"
        self.trace = trace
        self.tick = count(1).__next__
        self.count = 0
        self.learned = learned
        self.last: EventRef = None
        self.held: tuple[Held, ...] = ()
        self.origin: Record | None = None
        self.depth = 0

    def clock(self) -> Clock:
        """Return everything that the task knows, itself last."""
        return {**self.learned, self.component: self.count} if self.count else self.learned

    def learn(self, news: Clock) -> None:
        """Order everything in `news` before what the task does next."""
        self._know(learn(self.learned, news, self.component))

    def begin_after(self, other: Task, n: int) -> None:
        """Order what `other` knew at its event `n`, and that event, before everything of this task."""
        self._know({**other.learned, other.component: n})

    def _know(self, clock: Clock) -> None:
        if len(clock) > MOST_ENTRIES:
            clock = cut(clock, MOST_ENTRIES)
            self.trace.is_cut = True
        self.learned = clock

    def hold(self, lock: Held) -> None:
        """Add a lock to the lockset."""
        self.held = (*self.held, lock)

    def let_go(self, lock: Held) -> bool:
        """Take a lock out of the lockset; tell whether it was there."""
        held = list(self.held)
        if lock not in held:
            return False
        held.remove(lock)
        self.held = tuple(held)
        return True


Record: TypeAlias = tuple[
    int,
    EventRef,
    int,
    int,
    Clock,
    Task,
    str,
    tuple[Held, ...],
    str,
    Fields,
    Site | None,
    "tuple[int, int] | None",
]
"""An event before it is JSON: number, parent, time_ns, own clock value, learned clock, task, thread,
held locks, kind, fields, site, and (start_ns, duration_ns) of what took time."""


class _PerThread(threading.local):
    """What belongs to a thread: a name that is unique in the process, and its task outside others."""

    numbers = count(1)

    def __init__(self) -> None:
        self.name = f"{threading.current_thread().name}#{next(self.numbers)}"
        self.task: Task | None = None
        self.sends_unrecorded = False


this_thread = _PerThread()
running: ContextVar[Task | None] = ContextVar("raceway_task", default=None)


class _Active:
    """The process that records, or None before `start` and after `stop`."""

    __slots__ = ("process",)

    def __init__(self) -> None:
        self.process: Process | None = None


active = _Active()


def current() -> Task | None:
    """Return the task that runs here, or None where nothing is recorded. Never raises."""
    task = running.get()
    process = active.process
    if task is not None and task.process is process:
        return task
    if process is None:
        return None
    task = this_thread.task
    if task is None or task.process is not process:
        task = this_thread.task = process.new_task("thread", process.ambient)
    return task


def leave_requests_alone() -> None:
    """Send this thread's HTTP requests as they are, unrecorded: they are the SDK's own.

    All else is recorded here, too: the collector may run any finalizer of the application.
    """
    this_thread.sends_unrecorded = True
    running.set(None)
