"""A database, opened: runs functions of a connection as transactions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection, make_url

from raceway_core.errors import Rejected

Result = TypeVar("Result")


class Database(Protocol):
    """Runs transactions. Errors of the driver arrive as `Retryable` or `Rejected`."""

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns; its statements may only read.

        Raises:
            Retryable: The database is away or busy.
        """
        ...

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns once everything it wrote is committed.

        All of it is kept or nothing: nothing when `work` raises. Whoever is cancelled meanwhile does not
        know which.

        Raises:
            Retryable: The database is away, busy or full, or another transaction was in the way.
            Rejected: It can never take what `work` wrote.
        """
        ...


@asynccontextmanager
async def open_database(url: str, *, is_durable: bool = True) -> AsyncGenerator[Database]:
    """Open `postgresql://…` or `sqlite:///path`; close it at the end of the block.

    A SQLite database that is not `is_durable` may lose its last commits to a power cut; data that
    is thrown away anyhow is written faster so.

    Raises:
        Rejected: Raceway does not run on this kind of database.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "postgresql":
            from raceway_common.database.postgres import Postgres

            postgres = Postgres(parsed)
            try:
                yield postgres
            finally:
                await postgres.close()
        case "sqlite":
            from raceway_common.database.sqlite import Sqlite

            sqlite = Sqlite(parsed, is_durable=is_durable)
            try:
                yield sqlite
            finally:
                await sqlite.close()
        case other:
            raise Rejected(f"database.url: expected postgresql:// or sqlite:///, got {other}://")
