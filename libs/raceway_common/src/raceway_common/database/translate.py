"""Driver errors in our words.

What a database says about the data itself (Postgres: the classes of SQLSTATE 22, 23 and 42) will be
said again at each try. All else, from a lost connection to a deadlock or a full disk, may pass.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import exc

from raceway_core.errors import Rejected, Retryable

_NEVER = (exc.DataError, exc.IntegrityError, exc.ProgrammingError)
_NEVER_STATES = ("22", "23", "42")


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
    state = str(getattr(error.orig, "sqlstate", None) or "")
    is_refused_by_driver = error.orig is not None and isinstance(error.orig.__cause__, ValueError)
    return isinstance(error, _NEVER) or state[:2] in _NEVER_STATES or is_refused_by_driver
