"""SQLite: one writer at a time, readers beside it, each transaction whole in a thread.

A transaction is one hop to a thread and back, however many statements it has: with a hop for each
call of the driver, beside a busy event loop, the waiting for the interpreter would cost more than
the work. The one writer is queued for in order here, not by polling SQLite's lock.

WAL lets readers go on while somebody writes. FULL syncs the log at each commit, so that what was
answered survives a power cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from raceway_common.database.translate import driver_errors
from raceway_common.database.write_ahead import use_write_ahead_log
from raceway_core.errors import Rejected

Result = TypeVar("Result")

_READERS = 4
_BUSY_S = 10.0
_OLDEST = (3, 35)
_PRAGMAS = (
    "wal_autocheckpoint=4000",
    "journal_size_limit=67108864",
    "cache_size=-65536",
    "temp_store=memory",
)


class Sqlite:
    def __init__(self, url: URL, *, is_durable: bool = True) -> None:
        """Prepare the file's connections; nothing is opened before the first transaction.

        Raises:
            Rejected: The URL names no file, or the SQLite library is too old.
        """
        if not url.database or url.database == ":memory:":
            raise Rejected("database.url: name a file, as in sqlite:////var/lib/raceway/raceway.db")
        if sqlite3.sqlite_version_info < _OLDEST:
            raise Rejected(f"SQLite {sqlite3.sqlite_version} is too old, 3.35 is needed; use a newer Python")
        plain = url.set(drivername="sqlite")
        sync = "synchronous=full" if is_durable else "synchronous=off"
        self._writer = _engine(plain, 1, (*_PRAGMAS, sync), "BEGIN IMMEDIATE")
        self._readers = _engine(plain, _READERS, (*_PRAGMAS, "query_only=on"), "BEGIN")
        self._write_turn = anyio.CapacityLimiter(1)
        self._read_turns = anyio.CapacityLimiter(_READERS)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await anyio.to_thread.run_sync(_transact, self._readers, work, limiter=self._read_turns)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        return await anyio.to_thread.run_sync(_transact, self._writer, work, limiter=self._write_turn)

    async def close(self) -> None:
        self._readers.dispose()
        await anyio.to_thread.run_sync(self._writer.dispose)


def _transact(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    with driver_errors(), engine.begin() as connection:
        return work(connection)


def _engine(url: URL, size: int, pragmas: tuple[str, ...], begin: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        connect_args={"timeout": _BUSY_S, "check_same_thread": False, "cached_statements": 512},
    )
    event.listen(engine, "connect", partial(_prepare, pragmas))
    event.listen(engine, "begin", partial(_begin, begin))
    return engine


def _prepare(pragmas: tuple[str, ...], connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver's own idea of when a transaction begins is switched off; `_begin` says it.
    connection.isolation_level = None
    use_write_ahead_log(connection, patience_s=_BUSY_S)
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(statement: str, connection: Connection) -> None:
    connection.exec_driver_sql(statement)
