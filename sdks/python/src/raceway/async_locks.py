"""`asyncio.Lock`, `Condition`, `Semaphore` and `BoundedSemaphore`, traced.

They stay what they are; those that the application makes carry a trace, and the methods of their
classes record for them.
"""

from __future__ import annotations

import asyncio

from raceway.locks import EXCLUSIVE, SHARED, trace_of_new_lock
from raceway.patch import Function, Patches
from raceway.thread_locks import TRACE, trace_of


def patch_async_locks(patches: Patches) -> None:
    """Instrument the locks of `asyncio` that the application makes from now on."""
    patches.wrap(asyncio.Lock, "__init__", _new_lock)
    patches.wrap(asyncio.Condition, "__init__", _new_condition)
    patches.wrap(asyncio.Semaphore, "__init__", _new_semaphore)
    patches.wrap(asyncio.BoundedSemaphore, "__init__", _new_semaphore)
    for kind in (asyncio.Lock, asyncio.Semaphore):
        patches.wrap(kind, "acquire", _acquire)
        patches.wrap(kind, "release", _release)


def _new_lock(original: Function) -> Function:
    def init(lock: asyncio.Lock, *args: object, **options: object) -> None:
        original(lock, *args, **options)
        setattr(lock, TRACE, trace_of_new_lock("asyncio.Lock", 1))

    return init


def _new_condition(original: Function) -> Function:
    def init(condition: asyncio.Condition, lock: asyncio.Lock | None = None, **options: object) -> None:
        trace = trace_of_new_lock("asyncio.Condition", 1) if lock is None else None
        if trace is not None:
            lock = asyncio.Lock()
            setattr(lock, TRACE, trace)
        original(condition, lock, **options)

    return init


def _new_semaphore(original: Function) -> Function:
    def init(semaphore: asyncio.Semaphore, value: int = 1, **options: object) -> None:
        original(semaphore, value, **options)
        mode = EXCLUSIVE if value == 1 else SHARED
        setattr(semaphore, TRACE, trace_of_new_lock(type(semaphore).__name__, 1, mode=mode))

    return init


def _acquire(original: Function) -> Function:
    async def acquire(lock: object) -> object:
        trace = trace_of(lock)
        if trace is None:
            return await original(lock)
        trace.request()
        is_acquired = await original(lock)
        trace.acquired()
        return is_acquired

    return acquire


def _release(original: Function) -> Function:
    def release(lock: object) -> object:
        if (trace := trace_of(lock)) is not None:
            trace.releasing()
        return original(lock)

    return release
