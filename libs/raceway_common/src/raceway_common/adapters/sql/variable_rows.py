"""Rows of variables: the names of what runs are about, and what writers hold while they change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, TEXT, Statement
from raceway_common.schema.keys import key_of

_ADD = Statement(
    """insert into variables (variable_key, variable, scope, name_key, service)
    select variable_key, variable, scope, name_key, service from {rows} where true on conflict do nothing""",
    variable_key=BYTES,
    variable=TEXT,
    scope=TEXT,
    name_key=BYTES,
    service=TEXT,
)
_KNOWN = Statement(
    "select variable_key from variables where variable_key in (select variable_key from {rows})",
    variable_key=BYTES,
)
_HOLD = """
    select variable_key from variables where variable_key in (select variable_key from {rows})
    order by variable_key """
_HOLD_TOGETHER = Statement(_HOLD + "{for_share}", variable_key=BYTES)
_HOLD_ALONE = Statement(_HOLD + "{for_update}", variable_key=BYTES)


class Named(NamedTuple):
    """A variable's name and scope, and the service that has it to itself, if one does."""

    name: str
    scope: str
    service: str | None = None


def unknown_variables(connection: Connection, keys: Iterable[bytes]) -> set[bytes]:
    """Return those of some variables that are new, which few are."""
    wanted = set(keys)
    return wanted - {row.variable_key for row in _KNOWN.run(connection, [(key,) for key in sorted(wanted)])}


def add_variables(connection: Connection, named: Mapping[bytes, Named]) -> None:
    """Note the names of variables by key. A known one is never changed."""
    rows = [(key, it.name, it.scope, key_of(it.name), it.service) for key, it in sorted(named.items())]
    if rows:
        _ADD.run(connection, rows)


def hold_variables(connection: Connection, keys: Iterable[bytes], *, alone: bool) -> None:
    """Hold variables until the transaction ends: alone, or together with others that hold so too."""
    hold = _HOLD_ALONE if alone else _HOLD_TOGETHER
    hold.run(connection, [(key,) for key in sorted(set(keys))])
