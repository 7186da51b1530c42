"""Threads and thread pools: a task of its own for each thread and each call, and who waited for it.

Edges: `Thread.start` → the thread; the thread → `join` that saw its end; `submit` → the call; the
call → `Future.result` and `exception`, and `shutdown` that waited.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from raceway.context import Task, running
from raceway.location import site_of_caller
from raceway.patch import Function, Patches
from raceway.record import join, spawn
from raceway.sender import SenderThread

P = ParamSpec("P")
T = TypeVar("T")

TASK = "raceway_task"
TASKS = "raceway_tasks"
MOST_TASKS = 1024
"""How many of its latest calls a pool or group remembers, for the one who waits for all."""


def patch_threads(patches: Patches) -> None:
    """Instrument threads and thread pools of the standard library."""
    patches.wrap(threading.Thread, "start", _start)
    patches.wrap(threading.Thread, "join", _join)
    patches.wrap(ThreadPoolExecutor, "submit", _submit)
    patches.wrap(ThreadPoolExecutor, "shutdown", _shutdown)
    patches.wrap(Future, "result", _result)
    patches.wrap(Future, "exception", _result)


def run_as(task: Task | None, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` as `task`."""
    token = running.set(task)
    try:
        return function(*args, **kwargs)
    finally:
        running.reset(token)


def task_of(thing: object) -> Task | None:
    """Return the task that runs a thread, a future or an asyncio task."""
    task = getattr(thing, TASK, None)
    return task if isinstance(task, Task) else None


def remember(group: object, task: Task | None) -> None:
    """Keep `task` among the latest of a pool or task group."""
    if task is not None:
        tasks = getattr(group, TASKS, None)
        if tasks is None:
            tasks = deque(maxlen=MOST_TASKS)
            setattr(group, TASKS, tasks)
        tasks.append(task)


def join_all(group: object) -> None:
    """Order everything that a pool or task group did before what comes next here."""
    for task in list(getattr(group, TASKS, ())):
        join(task, site_of_caller())


def _start(original: Function) -> Function:
    def start(thread: threading.Thread) -> object:
        if not isinstance(thread, SenderThread):
            task = spawn("thread", thread.name, site_of_caller())
            if task is not None:
                setattr(thread, TASK, task)
                thread.run = partial(_run, thread, task, thread.run)  # type: ignore[method-assign]  # for one run
        return original(thread)

    return start


def _run(thread: threading.Thread, task: Task, run: Callable[[], None]) -> None:
    vars(thread).pop("run", None)
    run_as(task, run)


def _join(original: Function) -> Function:
    def join_thread(thread: threading.Thread, timeout: float | None = None) -> object:
        result = original(thread, timeout)
        if not thread.is_alive():
            join(task_of(thread), site_of_caller())
        return result

    return join_thread


def _submit(original: Function) -> Function:
    def submit(
        pool: ThreadPoolExecutor, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> object:
        task = spawn("call", getattr(function, "__name__", type(function).__name__), site_of_caller())
        if task is None:
            return original(pool, function, *args, **kwargs)
        future = original(pool, partial(run_as, task, function), *args, **kwargs)
        setattr(future, TASK, task)
        remember(pool, task)
        return future

    return submit


def _shutdown(original: Function) -> Function:
    def shutdown(pool: ThreadPoolExecutor, wait: bool = True, **options: bool) -> object:  # noqa: FBT001, FBT002 -- as in the original
        result = original(pool, wait, **options)
        if wait:
            join_all(pool)
        return result

    return shutdown


def _result(original: Function) -> Function:
    def result(future: Future[object], timeout: float | None = None) -> object:
        try:
            return original(future, timeout)
        finally:
            if future.done():
                join(task_of(future), site_of_caller())

    return result
