"""Starting and stopping: the one process that records, its sender, its patches, forks and the end."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Final

from raceway import context
from raceway.context import Task, active, running
from raceway.instrument import instrument
from raceway.patch import Patches
from raceway.process import Process
from raceway.record import report
from raceway.sender import Sender
from raceway.settings import LOG, Settings, is_disabled
from raceway.watch import renew_locks


class _Lifecycle:
    """The state behind `start`, `flush`, `stats` and `stop`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.sender: Sender | None = None
        self.patches: Patches | None = None
        self.is_registered = False


_life: Final = _Lifecycle()


def begin(settings: Settings) -> None:
    """Start to record, unless that happened before or the environment forbids it. Never raises."""
    with _life.lock:
        if active.process is not None or is_disabled():
            return
        try:
            _begin(settings)
        except Exception:  # noqa: BLE001 -- the SDK boundary
            LOG.warning("Raceway could not start; nothing is recorded", exc_info=True)
            end(0)


def _begin(settings: Settings) -> None:
    if not _life.is_registered:
        _life.is_registered = True
        atexit.register(_end_of_process)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)
    _record_as(Process(settings))
    _life.patches = Patches()
    instrument(_life.patches)


def _record_as(process: Process) -> None:
    active.process = process
    _life.sender = Sender(process)
    _life.sender.start()


def flush(timeout: float) -> bool:
    """Wait until what was recorded so far is delivered or given up; tell whether it is in time."""
    sender = _life.sender
    return sender is None or sender.flush(timeout)


def end(timeout: float) -> None:
    """Record nothing more, deliver what is there, put back what was instrumented. Never raises."""
    with _life.lock:
        process, active.process = active.process, None
        sender, _life.sender = _life.sender, None
        patches, _life.patches = _life.patches, None
        if patches is not None:
            patches.undo()
        if sender is not None and process is not None:
            sender.stop(timeout)


def stats() -> dict[str, int | dict[str, int]]:
    """Return the account so far: events sent, rejected, waiting and dropped by reason."""
    process, sender = active.process, _life.sender
    if process is None or sender is None:
        return {"sent": 0, "rejected": 0, "retries": 0, "waiting": 0, "dropped": {}, "malformed_headers": 0}
    return {
        "sent": sender.counts["sent"],
        "rejected": sender.counts["rejected"],
        "retries": sender.counts["retries"],
        "waiting": len(process.queue),
        "dropped": dict(process.queue.dropped),
        "malformed_headers": process.malformed_headers,
    }


def _end_of_process() -> None:
    if active.process is not None:
        end(active.process.settings.exit_within)


def _after_fork() -> None:
    """Become a process of its own: fresh queue, connection, instance and ids, no event sent twice."""
    try:
        _life.lock = threading.RLock()
        before = active.process
        if before is not None:
            renew_locks()
            task = running.get()
            _record_as(Process(before.settings))
            _continue(task, before)
    except Exception:  # noqa: BLE001 -- the SDK boundary
        active.process = None
        report("anything after a fork")


def _continue(task: Task | None, before: Process) -> None:
    """Let the forked process go on in the trace it was forked in, after what came before."""
    process = active.process
    context.this_thread.task = None
    if process is None or task is None or task.process is not before or task.trace is before.ambient:
        return
    child = process.new_task("fork", task.trace)
    child.learned = task.clock()
    child.last = before.event_id(task.last) if isinstance(task.last, int) else task.last
    running.set(child)
