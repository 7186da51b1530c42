"""Postgres, over asyncpg: transactions run on the event loop, many at a time.

Reads see one snapshot, writes run at READ COMMITTED. Stores lock what they change in one order
(`raceway_common.adapters.sql`), so concurrent replicas wait for each other and do not deadlock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from raceway_common.database.translate import driver_errors

Result = TypeVar("Result")

_CONNECT_S = 5.0
_COMMAND_S = 60.0
_POOL_SIZE = 8
_POOL_WAIT_S = 10.0


class Postgres:
    def __init__(self, url: URL) -> None:
        """Prepare a pool; nothing is connected before the first transaction."""
        self._engine = create_async_engine(
            _driver_url(url),
            pool_size=_POOL_SIZE,
            max_overflow=0,
            pool_timeout=_POOL_WAIT_S,
            pool_pre_ping=True,
            connect_args={
                "timeout": _CONNECT_S,
                "command_timeout": _COMMAND_S,
                "server_settings": {"application_name": "raceway", "jit": "off"},
            },
        )
        self._reader = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await _transact(self._reader, work)

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        return await _transact(self._engine, work)

    async def close(self) -> None:
        await self._engine.dispose()


async def _transact(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    with driver_errors():
        async with engine.begin() as connection:
            return await connection.run_sync(work)


def _driver_url(url: URL) -> URL:
    """Name the driver, and spell libpq's `sslmode` as asyncpg does."""
    mode = url.query.get("sslmode")
    plain = url.set(drivername="postgresql+asyncpg").difference_update_query(["sslmode"])
    return plain if mode is None else plain.update_query_dict({"ssl": mode})
