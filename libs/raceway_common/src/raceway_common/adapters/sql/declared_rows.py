"""Declared transactions at rest, by trace and resource, to be checked with those of other traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, INT, Statement
from raceway_common.ports.trace_store import DeclaredRow, TraceOutcome
from raceway_common.schema.keys import key_of

_REMOVE = Statement("delete from declared_parts where number in (select number from {rows})", number=INT)
_ADD = Statement(
    """insert into declared_parts (number, resource_key, last_ns, transactions, body)
    select number, resource_key, last_ns, transactions, body from {rows}""",
    number=INT,
    resource_key=BYTES,
    last_ns=INT,
    transactions=INT,
    body=BYTES,
)
_COLUMNS = "select trace_id, transactions, body from declared_parts"
_ORDER = "order by declared_parts.last_ns desc, declared_parts.number desc limit :limit"
_JOINED = "join traces on traces.number = declared_parts.number"
_RECENT = Statement(f"{_COLUMNS} {_JOINED} where last_ns >= :since_ns {_ORDER}")
_RECENT_OF = Statement(
    f"{_COLUMNS} {_JOINED} where resource_key = :resource_key and last_ns >= :since_ns {_ORDER}"
)


def replace_declared(
    connection: Connection, outcomes: Mapping[int, TraceOutcome], *, known: Sequence[int]
) -> None:
    """Replace what traces declare; `outcomes` are by number, `known` had a result before."""
    if known:
        _REMOVE.run(connection, [(number,) for number in known])
    rows = [
        (number, key_of(entry.resource), outcome.summary.last_ns, entry.transactions, entry.body)
        for number, outcome in outcomes.items()
        for entry in outcome.declared
    ]
    if rows:
        _ADD.run(connection, rows)


def recent(since_ns: int, resource: str | None, limit: int, connection: Connection) -> list[DeclaredRow]:
    """Return what traces declare whose last event is not before `since_ns`, newest first."""
    if resource is None:
        rows = _RECENT.run(connection, since_ns=since_ns, limit=limit)
    else:
        rows = _RECENT_OF.run(connection, resource_key=key_of(resource), since_ns=since_ns, limit=limit)
    return [DeclaredRow(*row) for row in rows]
