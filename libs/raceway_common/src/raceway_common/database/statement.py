"""Statements over many rows, and all that differs between the dialects.

A statement takes a whole batch as one parameter set: `{rows}` in its text is a table `r` of the
batch's rows. On Postgres that is `unnest` over one array per column. On SQLite it is `json_each`
over one JSON text (`raceway_common.database.json_rows`). Either way the database reads the batch in one
step: a call of the driver per row costs several times as much, and on SQLite in a thread hands the
interpreter to and fro at each (378 ms were measured in place of 5.5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, TextClause, text

from raceway_common.database.json_rows import Form, bind_json, forms_of, json_rows
from raceway_common.database.kind import BYTES, INT, TEXT, Kind, Scalar, Values

__all__ = ["BYTES", "INT", "TEXT", "Kind", "Scalar", "Statement", "Values"]

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
        sqlite = _ROWS_JOIN.sub("{rows} cross join", sql)
        postgres = sql.replace("{rows}", _unnest(columns))
        for place, (on_postgres, on_sqlite) in _DIALECT.items():
            postgres, sqlite = postgres.replace(place, on_postgres), sqlite.replace(place, on_sqlite)
        self._postgres, self._sqlite = text(postgres), sqlite
        self._by_forms: dict[tuple[Form, ...], TextClause] = {}

    def run(
        self, connection: Connection, rows: Sequence[Values] | None = None, **values: Scalar
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute once, over all `rows`; `values` are the statement's other parameters."""
        parameters: dict[str, object] = dict(values)
        if connection.dialect.name == "postgresql":
            if rows is not None:
                parameters |= _bind_arrays(self._columns, rows)
            return connection.execute(self._postgres, parameters)
        forms: tuple[Form, ...] = ()
        if rows is not None:
            table = list(zip(*rows, strict=True)) if rows else [()] * len(self._columns)
            forms = forms_of(self._columns, table)
            parameters |= bind_json(self._columns, forms, table)
        return connection.execute(self._text_for(forms), parameters)

    def _text_for(self, forms: tuple[Form, ...]) -> TextClause:
        known = self._by_forms.get(forms)
        if known is None:
            rows = json_rows(self._columns, forms) if forms else ""
            known = self._by_forms[forms] = text(self._sqlite.replace("{rows}", rows))
        return known


def _unnest(columns: Mapping[str, Kind]) -> str:
    arrays = ", ".join(f"cast(:r_{name} as {kind.value}[])" for name, kind in columns.items())
    return f"unnest({arrays}) as r({', '.join(columns)})"


def _bind_arrays(columns: Mapping[str, Kind], rows: Sequence[Values]) -> dict[str, object]:
    arrays = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return {f"r_{name}": list(array) for name, array in zip(columns, arrays, strict=True)}
