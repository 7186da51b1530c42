"""Driver errors in our words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import exc

from raceway_core.errors import Rejected, Retryable

_NEVER = (exc.DataError, exc.IntegrityError, exc.ProgrammingError)


@contextmanager
def driver_errors() -> Generator[None]:
    """Raise `Rejected` for what the database can never take, `Retryable` for all other failures."""
    try:
        yield
    except exc.DBAPIError as error:
        text = f"database: {error.orig}"
        if isinstance(error, _NEVER) and not error.connection_invalidated:
            raise Rejected(text) from error
        raise Retryable(text) from error
    except (exc.TimeoutError, OSError, TimeoutError) as error:
        raise Retryable(f"database: {type(error).__name__} {error}") from error
