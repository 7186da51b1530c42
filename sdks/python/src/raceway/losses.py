"""What a trace lost, kept until a later event of the trace can tell.

Clocks of other tasks may name an event that was never sent. With what is said here a reader can tell
that from a clock which is wrong. What is told by an event that is lost in turn comes back.

Memory is fixed: what is forgotten is still counted by reason in the queue's account.
"""

from __future__ import annotations

import json
from _thread import RLock
from collections import OrderedDict
from typing import Final

TAG: Final = "raceway.lost"

MOST_TRACES = 1024
MOST_TASKS = 16


class TraceLoss:
    """By task the events that were lost, and the highest place of them; `others` are of tasks forgotten."""

    __slots__ = ("others", "tasks")

    def __init__(self) -> None:
        self.tasks: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self.others = 0

    def add(self, task_id: str, events: int, highest: int) -> None:
        """Count events of a task; the task that was counted longest ago may be forgotten for it."""
        known = self.tasks.pop(task_id, (0, 0))
        self.tasks[task_id] = (known[0] + events, max(known[1], highest))
        if len(self.tasks) > MOST_TASKS:
            self.others += self.tasks.popitem(last=False)[1][0]

    def join(self, other: TraceLoss) -> None:
        """Count what `other` has, too."""
        for task_id, (events, highest) in other.tasks.items():
            self.add(task_id, events, highest)
        self.others += other.others

    def text(self) -> str:
        """Return the value of the tag: JSON, the tasks that were forgotten under an empty name."""
        others = {"": (self.others, 0)} if self.others else {}
        return json.dumps({**self.tasks, **others}, separators=(",", ":"))


class Losses:
    """The losses of a process by trace. True where there are any.

    `lock` is the queue's: a finalizer that runs while it is held may record, and would wait for another.
    """

    def __init__(self, lock: RLock) -> None:
        self._lock = lock
        self._by_trace: OrderedDict[str, TraceLoss] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._by_trace)

    def add(self, trace_id: str, task_id: str, place: int) -> None:
        """Count the event of a task that has this place."""
        with self._lock:
            self._of(trace_id).add(task_id, 1, place)

    def take(self, trace_id: str) -> TraceLoss | None:
        """Return what the trace lost, for an event to tell; it is counted here no more."""
        with self._lock:
            return self._by_trace.pop(trace_id, None)

    def give_back(self, trace_id: str, loss: TraceLoss) -> None:
        """Take back what could not be told."""
        with self._lock:
            self._of(trace_id).join(loss)

    def _of(self, trace_id: str) -> TraceLoss:
        """Return the loss of a trace, now the newest; the trace that lost nothing for longest may go."""
        loss = self._by_trace.pop(trace_id, None) or TraceLoss()
        self._by_trace[trace_id] = loss
        if len(self._by_trace) > MOST_TRACES:
            self._by_trace.popitem(last=False)
        return loss
