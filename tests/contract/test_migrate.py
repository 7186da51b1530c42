"""Migrations over every database: from nothing, again, at once, and to exactly the tables in code."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from raceway_common.database.database import open_database
from raceway_common.schema.migrate import check_schema, migrate, run_migrations, upgrade
from raceway_common.schema.tables import metadata
from raceway_core.errors import Rejected

pytestmark = pytest.mark.anyio


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("work", [upgrade, run_migrations])
async def test_from_nothing_to_the_tables_in_code(
    database_url: str, work: Callable[[Connection], None]
) -> None:
    async with open_database(database_url) as database:
        await database.write(work)
        assert await database.read(_differences) == []
        await check_schema(database)


async def test_a_database_that_was_created_has_seen_every_migration(database_url: str) -> None:
    await migrate(database_url)
    async with open_database(database_url) as database:
        await database.write(run_migrations)
        assert await database.read(_differences) == []


async def test_again_changes_nothing(database_url: str) -> None:
    await migrate(database_url)
    async with open_database(database_url) as database:
        await database.write(
            lambda connection: connection.execute(text("insert into services values ('k', 'n', 1, 1)"))
        )
        await migrate(database_url)
        assert (
            await database.read(lambda connection: connection.scalar(text("select count(*) from services")))
            == 1
        )


async def test_all_replicas_may_migrate_at_once(database_url: str) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(migrate, database_url)
    async with open_database(database_url) as database:
        await check_schema(database)


async def test_an_empty_database_is_told_from_a_current_one(database_url: str) -> None:
    async with open_database(database_url) as database:
        with pytest.raises(Rejected, match="run `raceway migrate`"):
            await check_schema(database)
