"""Events that the application records itself: accesses, locks, spans, errors, and anything else."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from types import TracebackType
from typing import Final, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, cast

from raceway.context import current
from raceway.location import site_of_caller
from raceway.locks import LockTrace
from raceway.record import READ, WRITE, describe_failure, record, report
from raceway.value import Fields

P = ParamSpec("P")
T = TypeVar("T")
ScopeName: TypeAlias = Literal["process", "service", "global"]
ModeName: TypeAlias = Literal["exclusive", "shared"]
UNSAID: Final = object()


class Lockable(Protocol):
    """What `raceway.lock` can take and let go of."""

    def acquire(self) -> object:
        """Wait for the lock."""

    def release(self) -> object:
        """Let go of the lock."""


def read(
    name: str, value: object = UNSAID, *, scope: ScopeName = "process", version: int | None = None
) -> None:
    """Record that the variable `name` was read: the value, and the version if its store has one."""
    _access(READ, name, scope, {"new_value": value}, version)


def write(
    name: str,
    value: object = UNSAID,
    *,
    old: object = UNSAID,
    scope: ScopeName = "process",
    version: int | None = None,
) -> None:
    """Record that the variable `name` was written: the value, what it replaced, and the version made."""
    _access(WRITE, name, scope, {"new_value": value, "old_value": old}, version)


def _access(access_type: str, name: str, scope: str, values: dict[str, object], version: int | None) -> None:
    try:
        task = current()
        if task is None:
            return
        fields: Fields = {"variable": name, "access_type": access_type, "scope": scope}
        if version is not None:
            fields["version"] = version
        snapshots = task.process.values
        for field, value in values.items():
            if value is not UNSAID:
                snapshots.note(fields, field, value, is_secret=snapshots.is_secret(name))
        record("StateChange", fields, task=task, site=site_of_caller())
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report(f"an access to {name}")


_traces: dict[tuple[str, str, str], LockTrace] = {}


class lock(AbstractContextManager[None]):  # noqa: N801 -- reads as a verb: `with raceway.lock("ledger"):`
    """Say that a lock is held in the block: one that Raceway cannot see, as of a database or a file.

    With `inner`, the block waits for that lock and lets go of it. Without, put the block right
    inside the place where the lock is held.
    """

    def __init__(
        self,
        name: str,
        inner: Lockable | None = None,
        *,
        mode: ModeName = "exclusive",
        scope: ScopeName = "process",
    ) -> None:
        self._inner = inner
        self._trace = _traces.setdefault(
            (name, mode, scope), LockTrace(name, "declared", mode=mode, scope=scope)
        )

    def __enter__(self) -> None:
        if self._inner is not None:
            self._trace.request()
            self._inner.acquire()
        self._trace.acquired()

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._trace.releasing()
        if self._inner is not None:
            self._inner.release()


class span(AbstractContextManager[None]):  # noqa: N801 -- reads as a word: `with raceway.span("price"):`, `@raceway.span("price")`
    """Record a timed operation: a block, or each call of a function, coroutine functions too."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began: list[tuple[int, int]] = []

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return the function, each of whose calls is such an operation."""
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def call_async(*args: P.args, **kwargs: P.kwargs) -> object:
                with span(self._name):
                    return await function(*args, **kwargs)

            return cast("Callable[P, T]", call_async)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with span(self._name):
                return function(*args, **kwargs)

        return call

    def __enter__(self) -> None:
        self._began.append((time.time_ns(), time.perf_counter_ns()))
        record("FunctionCall", self._fields({"module": "", "args": {}}), site=site_of_caller())

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if failure is not None:
            error(failure)
        began_ns, began = self._began.pop()
        took_ns = time.perf_counter_ns() - began
        record("FunctionReturn", self._fields({}), site=site_of_caller(), span=(began_ns, took_ns))

    def _fields(self, more: Fields) -> Fields:
        return {"function_name": self._name, **more}


def error(failure: BaseException) -> None:
    """Record an exception."""
    record("Error", describe_failure(failure))


def event(name: str, **data: object) -> None:
    """Record anything else, as a Custom event; what cannot be shown of the data is left out."""
    task = current()
    if task is None:
        return
    shown: Fields = {}
    for key, value in data.items():
        task.process.values.note(shown, key, value, is_secret=task.process.values.is_secret(key))
    record("Custom", {"name": name, "data": shown}, task=task)
