"""asyncio: a task of its own for each asyncio task and executor call, and who awaited it.

Edges: `create_task` → the task; the task → who awaits it, asks for its result inside a task, or
gathers it; `asyncio.wait` and the end of a `TaskGroup` → what comes after. So the tasks that we
create are of a subclass of `asyncio.Task` that notes where it is awaited.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import tasks as asyncio_tasks
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from raceway.context import Task, running
from raceway.location import site_of_caller
from raceway.patch import Function, Patches
from raceway.record import join, spawn
from raceway.threads import TASK, join_all, remember, run_as, task_of


def patch_async_tasks(patches: Patches) -> None:
    """Instrument asyncio's tasks and executor calls, also those of uvloop where it is imported."""
    loops: list[object] = [asyncio.BaseEventLoop]
    uvloop = sys.modules.get("uvloop")
    if uvloop is not None:
        loops.append(uvloop.Loop)
    for loop in loops:
        patches.wrap(loop, "create_task", _create_task)
        patches.wrap(loop, "run_in_executor", _run_in_executor)
    patches.wrap(getattr(asyncio_tasks, "_GatheringFuture", None), "__await__", _await_gathered)
    for module in (asyncio, asyncio_tasks):
        patches.wrap(module, "wait", _wait)
    patches.wrap(asyncio.TaskGroup, "create_task", _group_create_task)
    patches.wrap(asyncio.TaskGroup, "__aexit__", _group_exit)


class JoinedTask(asyncio.Task[object]):
    """An asyncio task whose end comes before what its awaiter does next."""

    def __await__(self) -> Generator[object, None, object]:
        try:
            return (yield from super().__await__())
        finally:
            _join_if_done(self)

    __iter__ = __await__

    def result(self) -> object:
        """Return the result, as `asyncio.Task` does."""
        _join_if_done(self)
        return super().result()


class JoinedFuture(asyncio.Future[object]):
    """The outcome of a call on an executor, likewise."""

    def __await__(self) -> Generator[object, None, object]:
        try:
            return (yield from super().__await__())
        finally:
            _join_if_done(self)

    __iter__ = __await__


def _join_if_done(future: asyncio.Future[object]) -> None:
    if future.done() and not _is_in_callback():
        join(task_of(future), site_of_caller())


def _is_in_callback() -> bool:
    """Whether the loop runs this between tasks; then no task has seen the future's end by it."""
    try:
        return asyncio.current_task() is None
    except RuntimeError:
        return False  # no loop runs here: this is who called `asyncio.run`


def _create_task(original: Function) -> Function:
    def create_task(
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, object],
        *,
        name: str | None = None,
        context: Context | None = None,
        **options: Any,
    ) -> object:
        child = spawn("task", name or _name_of(coroutine), site_of_caller())
        if child is None:
            return original(loop, coroutine, name=name, context=context, **options)
        if context is None:
            context = copy_context()
        if not _begin_in(context, child):
            return original(loop, coroutine, name=name, context=context, **options)
        if loop.get_task_factory() is not None:
            return _mark(original(loop, coroutine, name=name, context=context, **options), child)
        return _mark(JoinedTask(coroutine, loop=loop, name=name, context=context, **options), child)

    return create_task


def _begin_in(context: Context, child: Task) -> bool:
    """Make `child` the task of a context, unless that is entered: then it is its creator's own."""
    try:
        context.run(running.set, child)
    except RuntimeError:
        return False
    return True


def _mark(task: object, child: Task) -> object:
    setattr(task, TASK, child)
    return task


def _name_of(coroutine: object) -> str:
    return str(getattr(coroutine, "__qualname__", type(coroutine).__name__))


def _run_in_executor(original: Function) -> Function:
    def run_in_executor(
        loop: asyncio.AbstractEventLoop, executor: object, function: Callable[..., object], *args: object
    ) -> object:
        child = spawn("call", getattr(function, "__name__", type(function).__name__), site_of_caller())
        if child is None:
            return original(loop, executor, function, *args)
        inner = original(loop, executor, partial(run_as, child, function), *args)
        outer = JoinedFuture(loop=loop)
        setattr(outer, TASK, child)
        if isinstance(inner, asyncio.Future):
            _chain(inner, outer)
        return outer

    return run_in_executor


def _chain(inner: asyncio.Future[object], outer: asyncio.Future[object]) -> None:
    """Let `outer` end as `inner` does, and its cancellation cancel `inner`."""

    def end(_: object) -> None:
        if outer.cancelled():
            if not inner.cancelled():
                inner.exception()
        elif inner.cancelled():
            outer.cancel()
        elif (error := inner.exception()) is not None:
            outer.set_exception(error)
        else:
            outer.set_result(inner.result())

    inner.add_done_callback(end)
    outer.add_done_callback(lambda _: inner.cancel() if outer.cancelled() else None)


def _await_gathered(original: Function) -> Function:
    def await_gathered(future: object) -> Generator[object, None, object]:
        try:
            return (yield from original(future))
        finally:
            for child in getattr(future, "_children", ()):
                _join_if_done(child)

    return await_gathered


def _wait(original: Function) -> Function:
    async def wait(futures: object, **options: object) -> object:
        done, pending = await original(futures, **options)
        for future in done:
            _join_if_done(future)
        return done, pending

    return wait


def _group_create_task(original: Function) -> Function:
    def create_task(group: asyncio.TaskGroup, coroutine: object, **options: object) -> object:
        task = original(group, coroutine, **options)
        remember(group, task_of(task))
        return task

    return create_task


def _group_exit(original: Function) -> Function:
    async def exit_group(group: asyncio.TaskGroup, *failure: object) -> object:
        try:
            return await original(group, *failure)
        finally:
            join_all(group)

    return exit_group
