"""Statements over many rows, and all that differs between the dialects.

A statement takes a whole batch as one parameter set: `{rows}` in its text is a table `r` of the
batch's rows. On Postgres that is `unnest` over one array per column. On SQLite it is `json_each`
over one JSON text; JSON cannot carry bytes, so those travel as one concatenated value that each
row cuts its part from. Either way the database reads the batch in one step: a call of the driver
per row costs several times as much, and on SQLite in a thread hands the interpreter to and fro at
each (378 ms were measured in place of 5.5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Connection, CursorResult, TextClause, text

Scalar: TypeAlias = str | int | bytes | bool | None
Values: TypeAlias = Sequence[Scalar]


class Kind(Enum):
    """The type of a column of a batch, by its name in Postgres."""

    TEXT = "text"
    INT = "bigint"
    BYTES = "bytea"


TEXT, INT, BYTES = Kind

_DIALECT = {
    "{for_update}": ("for update", ""),
    "{for_share}": ("for share", ""),
    "{skip_locked}": ("for update skip locked", ""),
    "{joined}": ("string_agg", "group_concat"),
}
"""Places in a text that read differently on Postgres and on SQLite, where only one writes at a time."""

_ROWS_JOIN = re.compile(r"\{rows\}\s+join\b")


class Statement:
    """An SQL text for both dialects; `columns` are those of its `{rows}`, in order."""

    def __init__(self, sql: str, **columns: Kind) -> None:
        self._columns = columns
        # SQLite knows no sizes and may read a whole table for each row of the batch; a cross join keeps
        # the batch outside.
        sqlite = _ROWS_JOIN.sub("{rows} cross join", sql).replace("{rows}", _json_each(columns))
        postgres = sql.replace("{rows}", _unnest(columns))
        for place, (on_postgres, on_sqlite) in _DIALECT.items():
            postgres, sqlite = postgres.replace(place, on_postgres), sqlite.replace(place, on_sqlite)
        self._texts: Mapping[str, TextClause] = {"postgresql": text(postgres), "sqlite": text(sqlite)}

    def run(
        self, connection: Connection, rows: Sequence[Values] | None = None, **values: Scalar
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute once, over all `rows`; `values` are the statement's other parameters."""
        name = connection.dialect.name
        parameters: dict[str, object] = dict(values)
        if rows is not None:
            bind = _bind_arrays if name == "postgresql" else _bind_json
            parameters |= bind(self._columns, rows)
        return connection.execute(self._texts[name], parameters)


def _unnest(columns: Mapping[str, Kind]) -> str:
    arrays = ", ".join(f"cast(:r_{name} as {kind.value}[])" for name, kind in columns.items())
    return f"unnest({arrays}) as r({', '.join(columns)})"


def _bind_arrays(columns: Mapping[str, Kind], rows: Sequence[Values]) -> dict[str, object]:
    arrays = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return {f"r_{name}": list(array) for name, array in zip(columns, arrays, strict=True)}


def _json_each(columns: Mapping[str, Kind]) -> str:
    parts: list[str] = []
    place = 0
    for name, kind in columns.items():
        value = f"json_extract(value, '$[{place}]')"
        if kind is BYTES:
            value = f"substr(:r_bytes, {value}, json_extract(value, '$[{place + 1}]'))"
            place += 1
        parts.append(f"{value} as {name}")
        place += 1
    return f"(select {', '.join(parts)} from json_each(:r_rows)) as r"  # noqa: S608 - the names are ours


def _bind_json(columns: Mapping[str, Kind], rows: Sequence[Values]) -> dict[str, object]:
    pieces: list[bytes] = []
    length = 1  # substr counts from 1
    table: list[list[Scalar]] = []
    for row in rows:
        line: list[Scalar] = []
        for value in row:
            if isinstance(value, bytes):
                line += (length, len(value))
                pieces.append(value)
                length += len(value)
            else:
                line.append(value)
        table.append(line)
    bound: dict[str, object] = {"r_rows": msgspec.json.encode(table).decode()}
    if BYTES in columns.values():
        bound["r_bytes"] = b"".join(pieces)
    return bound
