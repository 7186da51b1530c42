"""Driver errors in our words.

What a database says about the statement or its data (Postgres: the classes of SQLSTATE 22, 23 and 42;
SQLite: the result codes ERROR, TOOBIG, CONSTRAINT, MISMATCH) it will say again at each try. All else,
from a lost connection to a deadlock or a full disk, may pass.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import exc

from raceway_core.errors import Rejected, Retryable

_NEVER = (exc.DataError, exc.IntegrityError, exc.ProgrammingError)
_NEVER_STATES = ("22", "23", "42")
_NEVER_CODES = (
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
)


@contextmanager
def driver_errors() -> Generator[None]:
    """Raise `Rejected` for what the database can never take, `Retryable` for all other failures."""
    try:
        yield
    except exc.DBAPIError as error:
        kind = Rejected if _is_about_data(error) else Retryable
        raise kind(f"database: {error.orig}") from error
    except OverflowError as error:
        raise Rejected(f"database: {error}") from error
    except (exc.TimeoutError, OSError) as error:
        raise Retryable(f"database: {type(error).__name__} {error}") from error


def _is_about_data(error: exc.DBAPIError) -> bool:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return isinstance(error, _NEVER) or getattr(cause, "sqlite_errorcode", 0) & 0xFF in _NEVER_CODES
    state = str(getattr(cause, "sqlstate", None) or "")
    is_refused_by_driver = cause is not None and isinstance(cause.__cause__, ValueError)
    return isinstance(error, _NEVER) or state[:2] in _NEVER_STATES or is_refused_by_driver
