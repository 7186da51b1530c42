"""The hot path: one event, from what happened to a tuple in the queue.

Nothing here waits, takes a lock or raises into the application. What costs time (text, JSON, the
line of a location) is left to the sender; what could change meanwhile is already a snapshot.
"""

from __future__ import annotations

import logging
import sys
from time import time_ns
from typing import Final

from raceway.context import MOST_SILENT_SPAWNS, Record, Task, current, this_thread
from raceway.location import Site
from raceway.value import Fields

LOG = logging.getLogger("raceway")

READ: Final = "Read"
WRITE: Final = "Write"
ATOMIC_RMW: Final = "AtomicRMW"


def record(
    kind: str,
    fields: Fields,
    *,
    task: Task | None = None,
    site: Site | None = None,
    span: tuple[int, int] | None = None,
) -> None:
    """Queue an event of `task`, else of the task that runs here.

    Args:
        kind: One of the kinds of `POST /events`.
        fields: Its fields, not changed afterwards; a location is added from `site`.
        task: Whose event it is.
        site: Where in the code.
        span: When what the event ends began, and how long it took, in ns.
    """
    try:
        task = task or current()
        if task is None or not task.trace.is_sampled:
            return
        if task.origin is not None:
            _send_origin(task)
        n = task.tick()
        process = task.process
        number = process.next_event()
        event = (
            number, task.last, time_ns(), n, task.learned, task, this_thread.name, task.held,
            kind, fields, site, span,
        )  # fmt: skip
        if process.queue.put(event):
            task.last, task.count = number, n
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report(f"a {kind}")


def spawn(what: str, name: str, site: Site | None) -> Task | None:
    """Return a new task begun by the one that runs here, or None where nothing is recorded."""
    try:
        parent = current()
        return None if parent is None else _spawn(parent, what, name, site)
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report(f"the start of {name}")
        return None


def _spawn(parent: Task, what: str, name: str, site: Site | None) -> Task:
    child = parent.process.new_task(what, parent.trace)
    if parent.depth >= MOST_SILENT_SPAWNS:
        return child
    child.depth = parent.depth + 1 if parent.origin is not None else 1
    fields: Fields = {"task_id": child.id, "spawned_by": parent.id, "task_name": name}
    n = parent.tick()
    number = parent.process.next_event()
    child.origin = (
        number, parent.last, time_ns(), n, parent.learned, parent, this_thread.name, parent.held,
        "AsyncSpawn", fields, site, None,
    )  # fmt: skip
    child.begin_after(parent, n)
    child.last = number
    return child


def join(child: Task | None, site: Site | None) -> None:
    """Order all that `child` did before what comes next in the task that runs here."""
    if child is None or not child.count:
        return
    parent = current()
    if parent is None or parent is child or parent.trace is not child.trace:
        return
    if parent.learned.get(child.component, 0) >= child.count:
        return
    parent.learn(child.clock())
    record("AsyncAwait", {"future_id": child.id}, task=parent, site=site)


def _send_origin(task: Task) -> None:
    origin, task.origin, task.depth = task.origin, None, 0
    if origin is None:
        return
    spawner = origin[5]
    if spawner.origin is not None:
        _send_origin(spawner)
    if not task.process.queue.put(origin):
        task.last = None


def describe_failure(error: BaseException) -> Fields:
    """Return the fields of an Error event. No code of the application runs but its `__str__`."""
    try:
        message = str(error)[:1024]
    except Exception:  # noqa: BLE001 -- the SDK boundary: an exception's own text may raise
        message = ""
    return {"error_type": type(error).__name__, "message": message, "stack_trace": _frames(error)}


def _frames(error: BaseException) -> str:
    lines: list[str] = []
    traceback = error.__traceback__
    while traceback is not None and len(lines) < 50:
        code = traceback.tb_frame.f_code
        lines.append(f"{code.co_filename}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return "\n".join(lines)


def report(what: str) -> None:
    """Log the SDK's own fault that is being handled, with its traceback, at debug level."""
    LOG.debug("raceway could not record %s", what, exc_info=sys.exception())


__all__ = ["ATOMIC_RMW", "READ", "WRITE", "Record", "describe_failure", "join", "record", "report", "spawn"]
