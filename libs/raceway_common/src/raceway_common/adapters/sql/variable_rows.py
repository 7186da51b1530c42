"""Rows of variables: the names of what runs are about, and what writers hold while they change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, TEXT, Statement
from raceway_common.schema.keys import key_of

_ADD = Statement(
    """insert into variables (variable_key, variable, scope, name_key, service, is_split)
    select variable_key, variable, scope, name_key, service, 0 from {rows} where true
    on conflict do nothing""",
    variable_key=BYTES,
    variable=TEXT,
    scope=TEXT,
    name_key=BYTES,
    service=TEXT,
)
_KNOWN = Statement(
    "select variable_key, is_split from variables where variable_key in (select variable_key from {rows})",
    variable_key=BYTES,
)
_HOLD = """
    select variable_key, is_split from variables where variable_key in (select variable_key from {rows})
    order by variable_key """
_HOLD_TOGETHER = Statement(_HOLD + "{for_share}", variable_key=BYTES)
_HOLD_ALONE = Statement(_HOLD + "{for_update}", variable_key=BYTES)
_SPLIT = Statement(
    "update variables set is_split = 1 where variable_key in (select variable_key from {rows})",
    variable_key=BYTES,
)


class Named(NamedTuple):
    """A variable's name and scope, and the service that has it to itself, if one does."""

    name: str
    scope: str
    service: str | None = None


def known_variables(connection: Connection, keys: Iterable[bytes]) -> Mapping[bytes, bool]:
    """Return those of some variables that are known, as most are, and whether they are split."""
    rows = _KNOWN.run(connection, [(key,) for key in sorted(set(keys))])
    return {key: bool(is_split) for key, is_split in rows}


def add_variables(connection: Connection, named: Mapping[bytes, Named]) -> None:
    """Note the names of variables by key. A known one is never changed."""
    rows = [(key, it.name, it.scope, key_of(it.name), it.service) for key, it in sorted(named.items())]
    if rows:
        _ADD.run(connection, rows)


def hold_variables(connection: Connection, keys: Iterable[bytes], *, alone: bool) -> set[bytes]:
    """Hold variables until the transaction ends: alone, or together with others that hold so too.

    Return those that are split: a window may have lost something (`raceway_core.deed_key`).
    """
    hold = _HOLD_ALONE if alone else _HOLD_TOGETHER
    rows = hold.run(connection, [(key,) for key in sorted(set(keys))])
    return {key for key, is_split in rows if is_split}


def split_variables(connection: Connection, keys: Iterable[bytes]) -> None:
    """Note for ever that variables are split; they must be held alone."""
    _SPLIT.run(connection, [(key,) for key in sorted(keys)])
