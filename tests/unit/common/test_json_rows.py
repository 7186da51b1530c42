"""Batches of rows on SQLite: whatever form a column takes, the database reads what was given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from raceway_common.database.json_rows import Form, forms_of
from raceway_common.database.statement import BYTES, INT, TEXT, Kind, Scalar, Statement

VALUES: dict[Kind, st.SearchStrategy[Scalar]] = {
    TEXT: st.none() | st.text('a"\\é😀', max_size=3),
    INT: st.none() | st.integers(-(2**63), 2**63 - 1),
    BYTES: st.none() | st.sampled_from([b"", b"ab", b"\x00\xff"]) | st.binary(max_size=3),
}


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Kind], list[tuple[Scalar, ...]]]:
    kinds = draw(st.lists(st.sampled_from([TEXT, INT, BYTES]), min_size=1, max_size=4))
    size = draw(st.integers(0, 4))
    columns = [
        [draw(VALUES[kind])] * size if draw(st.booleans()) else [draw(VALUES[kind]) for _ in range(size)]
        for kind in kinds
    ]
    return {f"c{number}": kind for number, kind in enumerate(kinds)}, list(zip(*columns, strict=True))


@given(tables())
def test_rows_arrive_as_they_were(
    connection: Connection, table: tuple[dict[str, Kind], list[tuple[Scalar, ...]]]
) -> None:
    columns, rows = table
    select = Statement(f"select {', '.join(columns)} from {{rows}}", **columns)  # noqa: S608 - ours
    for _ in range(2):
        assert [tuple(row) for row in select.run(connection, rows)] == rows


def test_only_what_differs_travels_in_the_rows() -> None:
    columns = {"key": BYTES, "body": BYTES, "span": INT, "number": INT}
    table: list[list[Scalar]] = [[b"1" * 16, b"2" * 16], [b"a", b"abc"], [7, 7], [1, 2]]
    assert forms_of(columns, table) == (Form.EVEN, Form.LISTED, Form.SAME, Form.LISTED)
    assert forms_of(columns, [[b"x", None], [None, None], [True, 1], [None, 0]]) == (
        Form.LISTED, Form.SAME, Form.SAME, Form.LISTED,
    )  # fmt: skip


def test_no_rows_are_no_rows(connection: Connection) -> None:
    select = Statement("select number from {rows}", number=INT)
    assert select.run(connection, []).all() == []
