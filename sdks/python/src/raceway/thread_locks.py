"""`threading.Lock`, `RLock`, `Condition`, `Semaphore` and `BoundedSemaphore`, traced.

A lock is a wrapper around the interpreter's own; a condition variable is an ordinary one over such
a lock, so that its waits release and take the lock like everybody else; a semaphore is itself with
two methods that record. A semaphore that lets one in excludes; one that lets more in is held
shared. What was made before `start` stays as it was.
"""

from __future__ import annotations

import _thread
import threading
from types import TracebackType

from raceway.locks import EXCLUSIVE, SHARED, LockTrace, trace_of_new_lock
from raceway.patch import Function, Patches

TRACE = "raceway_lock"
RawRLock = _thread.RLock


def patch_thread_locks(patches: Patches) -> None:
    """Instrument the locks of `threading` that the application makes from now on."""
    patches.replace(threading, "Lock", TracedLock)
    patches.replace(threading, "RLock", TracedRLock)
    patches.wrap(threading.Condition, "__init__", _new_condition)
    patches.wrap(threading.Semaphore, "__init__", _new_semaphore)
    patches.wrap(threading.BoundedSemaphore, "__init__", _new_semaphore)
    for kind, methods in (
        (threading.Semaphore, ("acquire", "__enter__", "release")),
        (threading.BoundedSemaphore, ("release",)),
    ):
        for name in methods:
            patches.wrap(kind, name, _release if name == "release" else _acquire)


class TracedLock:
    """A `threading.Lock` of the application; calling it in a library gives a plain lock."""

    __slots__ = ("__weakref__", "_inner", "_trace")
    _inner: _thread.LockType
    _trace: LockTrace

    def __new__(cls) -> TracedLock:
        trace = trace_of_new_lock("Lock", 1)
        if trace is None:
            return _thread.allocate_lock()  # type: ignore[return-value]  # a plain lock, as asked for
        self = super().__new__(cls)
        self._inner = _thread.allocate_lock()
        self._trace = trace
        return self

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 -- as in the original
        """Acquire the lock, as `threading.Lock` does."""
        if blocking:
            self._trace.request()
        is_acquired = self._inner.acquire(blocking, timeout)
        if is_acquired:
            self._trace.acquired()
        return is_acquired

    def release(self) -> None:
        """Release the lock, as `threading.Lock` does."""
        if self._inner.locked():
            self._trace.releasing()
        self._inner.release()

    def locked(self) -> bool:
        """Whether somebody holds the lock."""
        return self._inner.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._inner = _thread.allocate_lock()

    def __repr__(self) -> str:
        return f"<traced {self._inner!r}>"


class TracedRLock:
    """A `threading.RLock` of the application; of nested holds only the outermost is recorded."""

    __slots__ = ("__weakref__", "_depth", "_inner", "_trace")
    _inner: _thread.RLock
    _trace: LockTrace
    _depth: int

    def __new__(cls) -> TracedRLock:
        trace = trace_of_new_lock("RLock", 1, is_reentrant=True)
        if trace is None:
            return RawRLock()  # type: ignore[return-value]  # a plain lock, as asked for
        self = super().__new__(cls)
        self._inner = RawRLock()
        self._trace = trace
        self._depth = 0
        return self

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 -- as in the original
        """Acquire the lock, as `threading.RLock` does."""
        if blocking and not self._is_owned():
            self._trace.request()
        is_acquired = self._inner.acquire(blocking, timeout)
        if is_acquired:
            self._depth += 1
            if self._depth == 1:
                self._trace.acquired()
        return is_acquired

    def release(self) -> None:
        """Release the lock, as `threading.RLock` does."""
        if self._is_owned():
            if self._depth == 1:
                self._trace.releasing()
            self._depth -= 1
        self._inner.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    # What `threading.Condition` asks of its lock.

    def _is_owned(self) -> bool:
        return self._inner._is_owned()  # type: ignore[attr-defined, no-any-return]  # Condition's protocol

    def _release_save(self) -> tuple[int, object]:
        depth, self._depth = self._depth, 0
        self._trace.releasing()
        return depth, self._inner._release_save()  # type: ignore[attr-defined]  # Condition's protocol

    def _acquire_restore(self, state: tuple[int, object]) -> None:
        depth, inner = state
        self._trace.request()
        self._inner._acquire_restore(inner)  # type: ignore[attr-defined]  # Condition's protocol
        self._depth = depth
        self._trace.acquired()

    def _at_fork_reinit(self) -> None:
        self._inner = RawRLock()
        self._depth = 0

    def __repr__(self) -> str:
        return f"<traced {self._inner!r}>"


def _new_condition(original: Function) -> Function:
    def init(condition: threading.Condition, lock: object = None) -> None:
        if lock is None and (trace := trace_of_new_lock("Condition", 1, is_reentrant=True)) is not None:
            lock = object.__new__(TracedRLock)
            lock._inner, lock._trace, lock._depth = RawRLock(), trace, 0  # as TracedRLock makes one
        original(condition, lock)

    return init


def _new_semaphore(original: Function) -> Function:
    def init(semaphore: threading.Semaphore, value: int = 1) -> None:
        original(semaphore, value)
        trace = trace_of_new_lock(type(semaphore).__name__, 1, mode=EXCLUSIVE if value == 1 else SHARED)
        if trace is not None:
            setattr(semaphore, TRACE, trace)

    return init


def _acquire(original: Function) -> Function:
    def acquire(
        semaphore: threading.Semaphore,
        blocking: bool = True,  # noqa: FBT001, FBT002 -- as in the original
        timeout: float | None = None,
    ) -> object:
        trace = trace_of(semaphore)
        if trace is None:
            return original(semaphore, blocking, timeout)
        if blocking:
            trace.request()
        is_acquired = original(semaphore, blocking, timeout)
        if is_acquired:
            trace.acquired()
        return is_acquired

    return acquire


def _release(original: Function) -> Function:
    def release(semaphore: threading.Semaphore, n: int = 1) -> object:
        if (trace := trace_of(semaphore)) is not None:
            for _ in range(n):
                trace.releasing()
        return original(semaphore, n)

    return release


def trace_of(lock: object) -> LockTrace | None:
    """Return the trace that a semaphore or an asyncio lock carries."""
    trace = getattr(lock, TRACE, None)
    return trace if isinstance(trace, LockTrace) else None
