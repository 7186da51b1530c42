"""The version of all results: it grows with every transaction that replaces some.

Whoever counts it keeps the row until the end of the transaction, so what has a greater version is
committed later.
"""

from __future__ import annotations

from sqlalchemy import Connection

from raceway_common.database.statement import Statement

_COUNT = Statement(
    """insert into result_version (id, version) values (1, 1)
    on conflict (id) do update set version = result_version.version + 1 returning version"""
)
_VERSION = Statement("select version from result_version where id = 1")


def count_version(connection: Connection) -> int:
    """Begin a new version and return it. The row is everybody's: call it late."""
    version: int = _COUNT.run(connection).scalar_one()
    return version


def version_of(connection: Connection) -> int:
    """Return the last version, 0 before the first."""
    version: int = _VERSION.run(connection).scalar() or 0
    return version
