"""What every database promises to its stores: transactions, whole or not at all, and clear errors."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from sqlalchemy import Connection, text

from raceway_common.database.database import Database, open_database
from raceway_common.database.statement import BYTES, INT, TEXT, Statement
from raceway_core.errors import Rejected, Retryable

pytestmark = pytest.mark.anyio

_PUT = Statement(
    "insert into chunks (number, version, created_ns, event_count, body) "
    "select number, 1, 1, 1, body from {rows}",
    number=INT,
    body=BYTES,
)
_COUNT = Statement("select count(*) from chunks")
_ECHO = Statement("select a, b, c, d, e from {rows}", a=TEXT, b=BYTES, c=INT, d=BYTES, e=TEXT)


async def _count(database: Database) -> int:
    return await database.read(lambda connection: _COUNT.run(connection).scalar_one())


async def test_rows_arrive_as_they_were_given(database: Database) -> None:
    rows = [
        ("", b"", 0, b"\x00\xff", None),
        ('it\'s "quoted" \\ \n é 🏁', b"x" * 100_000, -(2**63), b"", "null"),
        ("[1]", b"\x00", 2**63 - 1, b"ab", ""),
    ]
    read = await database.read(lambda connection: _ECHO.run(connection, rows).all())
    assert [tuple(row) for row in read] == rows
    assert await database.read(lambda connection: _ECHO.run(connection, []).all()) == []


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def fail(connection: Connection) -> None:
        _PUT.run(connection, [(1, b"x")])
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await database.write(fail)
    assert await _count(database) == 0


async def test_a_reader_sees_one_moment_and_may_not_write(database: Database) -> None:
    with pytest.raises((Rejected, Retryable)):
        await database.read(lambda connection: _PUT.run(connection, [(1, b"x")]))
    assert await _count(database) == 0


async def test_a_broken_rule_is_rejected_and_the_database_goes_on(database: Database) -> None:
    with pytest.raises(Rejected):
        await database.write(lambda connection: _PUT.run(connection, [(1, b"x"), (1, b"y")]))
    with pytest.raises(Rejected):
        await database.write(lambda connection: connection.execute(text("select nonsense")))
    await database.write(lambda connection: _PUT.run(connection, [(1, b"x")]))
    assert await _count(database) == 1


async def test_writers_wait_for_each_other(database: Database) -> None:
    async def put(number: int) -> None:
        await database.write(lambda connection: _PUT.run(connection, [(number, b"x")]))

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(put, number)
    assert await _count(database) == 50


async def test_a_cancelled_caller_leaves_a_usable_database(database: Database) -> None:
    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(database.write, lambda connection, n=number: _PUT.run(connection, [(n, b"x")]))
        await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    await database.write(lambda connection: _PUT.run(connection, [(1000, b"x")]))
    assert 1 <= await _count(database) <= 21


async def test_a_database_that_is_away_may_come_back() -> None:
    async with open_database("postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable") as database:
        with pytest.raises(Retryable):
            await _count(database)
    async with open_database("sqlite:////nonexistent/raceway.db") as database:
        with pytest.raises(Retryable):
            await _count(database)


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
async def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(Rejected, match=r"database\.url"):
        async with open_database(url):
            pass


async def test_a_throwaway_database_works_the_same(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/x.db", is_durable=False) as database:
        await database.write(lambda connection: connection.execute(text("create table x (y)")))
        assert await database.read(lambda connection: connection.execute(text("select * from x")).all()) == []
