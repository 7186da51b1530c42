"""Migrations: bring a database, empty or older, to the schema of this build."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from raceway_common.database.database import Database, open_database
from raceway_common.schema.tables import metadata
from raceway_core.errors import Rejected

NEWEST = "0001"
"""The schema of this build. With it at hand, a database that has it is opened without Alembic."""

_MARK = (
    """create table alembic_version (
        version_num varchar(32) not null, constraint alembic_version_pkc primary key (version_num)
    )""",
    "insert into alembic_version (version_num) values (:version)",
)
"""What Alembic leaves behind, by which it knows a database again."""

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
    """Migrate inside the transaction of `connection`.

    An empty database gets the tables as they are in the code: that is where its migrations would lead,
    and needs no Alembic, which takes longer to load than the tables to make.
    """
    if schema_of(connection) == NEWEST:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if schema_of(connection) is None:
        _create(connection)
    else:
        run_migrations(connection)


def run_migrations(connection: Connection) -> None:
    """Run every migration that the database has not seen, from the first for an empty one."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    for statement in _MARK:
        connection.execute(text(statement), {"version": NEWEST})
