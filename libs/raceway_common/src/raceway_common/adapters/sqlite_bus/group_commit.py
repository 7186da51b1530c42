"""One thread, one connection, one fsynced commit for everything that waits.

While a commit is on its way to the disk new work piles up, and the next transaction takes all of it.
The busier the bus, the larger its groups: the number of commits stays what the disk can do, the number
of messages does not.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from raceway_common.adapters.sqlite_bus.stream import Stream
from raceway_common.adapters.sqlite_bus.work import Call, Group
from raceway_common.database.write_ahead import use_write_ahead_log
from raceway_core.errors import Retryable

T = TypeVar("T")

_BUSY_S = 5.0
_QUEUED_BYTES = 256 << 20


class GroupCommit:
    """The thread and its queue. All public methods are called on the event loop."""

    def __init__(
        self,
        path: Path | None,
        loop: AbstractEventLoop,
        *,
        now_ns: Callable[[], int],
        dedup_window_ns: int,
        reserve_bytes: int,
        on_arrival: Callable[[], None],
    ) -> None:
        """Prepare; nothing is opened yet. Without a `path` the messages live in memory."""
        self._path = path
        self._loop = loop
        self._now_ns = now_ns
        self._dedup_window_ns = dedup_window_ns
        self._reserve_bytes = reserve_bytes
        self._on_arrival = on_arrival
        self._pending = Group()
        self._is_stopping = False
        self._wake = threading.Condition()
        self._opened: Future[None] = loop.create_future()
        self._thread = threading.Thread(target=self._run, name="raceway-bus")

    async def start(self) -> None:
        """Open the file and return once the bus works.

        Raises:
            Retryable: The file cannot be opened or is in use.
        """
        self._thread.start()
        await self._opened

    def request_stop(self) -> None:
        """Let the thread do what is queued, and end."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()

    def join(self) -> None:
        """Wait for the thread; blocks, so not for the event loop."""
        self._thread.join()

    def no_room(self) -> Retryable | None:
        """Return why messages are refused while the consumer still has room to work the backlog off."""
        if self._path is None or shutil.disk_usage(self._path.parent).free >= self._reserve_bytes:
            return None
        return Retryable(f"the disk of {self._path} has less than {self._reserve_bytes >> 20} MiB left")

    def publish(self, body: bytes, key: str) -> Future[None]:
        """Queue a message; the future is done when it is on disk."""
        future: Future[None] = self._loop.create_future()
        with self._wake:
            if self._pending.body_bytes > _QUEUED_BYTES or self._is_stopping:
                raise Retryable("the bus is behind with writing, or stopping; publish again later")
            self._pending.publish(body, key, future)
            self._wake.notify()
        return future

    def settle(self, sequence: int) -> None:
        """Queue a settlement; nobody waits for it."""
        with self._wake:
            self._pending.settled.append(sequence)
            self._wake.notify()

    def delay(self, sequence: int, due_ns: int) -> None:
        """Queue that a message is to be handed out again; nobody waits for it."""
        with self._wake:
            self._pending.delayed.append((sequence, due_ns))
            self._wake.notify()

    def call(self, function: Callable[[Stream], T]) -> Future[T]:
        """Queue `function`, to be run inside a transaction; the future has its result."""
        future: Future[T] = self._loop.create_future()
        with self._wake:
            if self._is_stopping:
                raise Retryable("the bus is stopping")
            self._pending.calls.append(Call(function, future))
            self._wake.notify()
        return future

    def _run(self) -> None:
        try:
            with closing(
                sqlite3.connect(self._path or ":memory:", _BUSY_S, isolation_level=None)
            ) as connection:
                _prepare(connection)
                stream = Stream(connection, dedup_window_ns=self._dedup_window_ns)
                self._loop.call_soon_threadsafe(self._report, None)
                while group := self._next_group():
                    self._commit(group, connection, stream)
        except sqlite3.Error as error:  # from opening: a commit tells those who wait for it
            self._loop.call_soon_threadsafe(self._report, _failed("open", self._path, error))

    def _report(self, failure: Retryable | None) -> None:
        """Tell `start`, unless it was cancelled meanwhile."""
        if self._opened.done():
            return
        if failure is None:
            self._opened.set_result(None)
        else:
            self._opened.set_exception(failure)

    def _next_group(self) -> Group:
        """Wait for work and take all of it; an empty group means the end."""
        with self._wake:
            while not self._pending and not self._is_stopping:
                self._wake.wait()
            group, self._pending = self._pending, Group()
        return group

    def _commit(self, group: Group, connection: sqlite3.Connection, stream: Stream) -> None:
        failure, refusal, held = None, None, stream.held
        try:
            refusal = self.no_room() if group.bodies else None
            connection.execute("BEGIN IMMEDIATE")
            self._apply(group, stream, takes_bodies=refusal is None)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - the thread outlives every transaction; whoever waits is told
            failure = _failed("write to", self._path, error)
            stream.held = held
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself, say when the disk is full
                connection.execute("ROLLBACK")
        self._loop.call_soon_threadsafe(self._finish, group, failure, refusal)

    def _apply(self, group: Group, stream: Stream, *, takes_bodies: bool) -> None:
        if group.bodies and takes_bodies:
            stream.publish(group.bodies, now_ns=self._now_ns())
        if group.settled:
            stream.settle(group.settled)
        if group.delayed:
            stream.delay(group.delayed)
        for call in group.calls:
            call.run(stream)

    def _finish(self, group: Group, failure: Retryable | None, refusal: Retryable | None) -> None:
        group.finish(failure, refusal)
        if group.has_arrivals:
            self._on_arrival()


def _prepare(connection: sqlite3.Connection) -> None:
    use_write_ahead_log(connection, patience_s=_BUSY_S)
    for pragma in ("synchronous = FULL", "fullfsync = ON", "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")


def _failed(what: str, path: Path | None, error: Exception) -> Retryable:
    failure = Retryable(f"the bus cannot {what} {path or 'memory'}: {error}")
    failure.__cause__ = error
    return failure
