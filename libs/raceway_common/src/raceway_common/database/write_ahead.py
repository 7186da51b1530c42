"""SQLite's write-ahead log, switched on also where several open a new file at once."""

from __future__ import annotations

import sqlite3
import time


def use_write_ahead_log(connection: sqlite3.Connection, *, patience_s: float) -> None:
    """Put the file in WAL mode; `connection` is in no transaction.

    The first switch of a file needs it for itself, and the busy timeout does not cover the statement:
    beside another connection it fails at once. An exclusive transaction does wait, so one is opened and
    given up until the others are through; in WAL mode, in which they leave the file, the statement only
    looks. https://www.sqlite.org/wal.html

    Raises:
        sqlite3.OperationalError: The file was in use for longer than `patience_s` seconds, or cannot be read.
    """
    deadline = time.monotonic() + patience_s
    while not _switches(connection, is_last_try=time.monotonic() > deadline):
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")


def _switches(connection: sqlite3.Connection, *, is_last_try: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if is_last_try or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
