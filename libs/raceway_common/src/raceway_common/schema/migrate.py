"""Migrations: bring a database, empty or older, to the schema of this build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from raceway_common.database.database import Database, open_database
from raceway_core.errors import Rejected

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "0001"
"""The schema of this build. With it at hand, a database that has it is opened without Alembic."""

_LOCK = 7_241_117_230_554_911_022
"""A number of our own among Postgres' advisory locks: two migrations never run at once."""


async def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema, in one transaction.

    Raises:
        Retryable: The database is away; nothing was changed.
        Rejected: It cannot be migrated; nothing was changed.
    """
    async with open_database(url) as database:
        await migrate_database(database)


async def migrate_database(database: Database) -> None:
    """Do what `migrate` does on an open database."""
    await database.write(upgrade)


async def check_schema(database: Database) -> None:
    """Return when the schema is the one that this build needs.

    Raises:
        Rejected: It is not; the message says what to run.
    """
    found = await database.read(schema_of)
    if found != NEWEST:
        raise Rejected(f"the database's schema is {found or 'empty'}, not {NEWEST}: run `raceway migrate`")


def schema_of(connection: Connection) -> str | None:
    """Return the revision of a database's schema, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def upgrade(connection: Connection) -> None:
    """Migrate inside the transaction of `connection`."""
    if schema_of(connection) == NEWEST:
        return
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
