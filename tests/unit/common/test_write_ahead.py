"""The write-ahead log of a new file that several open at the same moment."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from raceway_common.database.write_ahead import use_write_ahead_log

_AT_ONCE = 6


def test_all_who_open_a_new_file_at_once_get_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for turn in range(60):
            barrier = Barrier(_AT_ONCE)

            def open_new(path: Path, barrier: Barrier = barrier) -> str:
                with closing(sqlite3.connect(path, 10.0, isolation_level=None)) as connection:
                    barrier.wait()
                    use_write_ahead_log(connection, patience_s=10.0)
                    mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
                    return mode

            assert set(pool.map(open_new, [tmp_path / f"{turn}.db"] * _AT_ONCE)) == {"wal"}


def test_a_file_that_somebody_keeps_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        with (
            closing(sqlite3.connect(path, 0.01, isolation_level=None)) as connection,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            use_write_ahead_log(connection, patience_s=0.05)


def test_what_is_no_database_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_bytes(b"no database, but long enough to be looked at as one" * 100)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
    ):
        use_write_ahead_log(connection, patience_s=10.0)
