"""Rows of variables: the names of what runs are about, and what writers hold while they change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, TEXT, Statement

_ADD = Statement(
    """insert into variables (variable_key, variable, scope)
    select variable_key, variable, scope from {rows} where true on conflict do nothing""",
    variable_key=BYTES,
    variable=TEXT,
    scope=TEXT,
)
_HOLD = """
    select variable_key from variables where variable_key in (select variable_key from {rows})
    order by variable_key """
_HOLD_TOGETHER = Statement(_HOLD + "{for_share}", variable_key=BYTES)
_HOLD_ALONE = Statement(_HOLD + "{for_update}", variable_key=BYTES)


def add_variables(connection: Connection, names: Mapping[bytes, tuple[str, str]]) -> None:
    """Note the names and scopes of variables by key, where they are not known."""
    _ADD.run(connection, sorted((key, *name) for key, name in names.items()))


def hold_variables(connection: Connection, keys: Iterable[bytes], *, alone: bool) -> None:
    """Hold variables until the transaction ends: alone, or together with others that hold so too."""
    hold = _HOLD_ALONE if alone else _HOLD_TOGETHER
    hold.run(connection, [(key,) for key in sorted(set(keys))])
