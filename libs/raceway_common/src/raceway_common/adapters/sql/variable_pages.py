"""Variables over all traces: lists of them, who shares them, and their windows in time.

A list is sorted anew for each page, because an index that is in this order would cost the writer of
results more than the sums themselves. So its time grows with the number of variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)

from raceway_common.database.statement import BYTES, Statement
from raceway_common.ports.trace_store import (
    SharedVariables,
    VariableCursor,
    VariableFilter,
    VariableOrder,
    VariableRow,
)
from raceway_common.schema.keys import key_of
from raceway_common.schema.sums import variable_sums
from raceway_common.schema.tables import finding_entries, runs, variables

MOST_SERVICES = 20

_RANKED = """(
    select variable_key, service, row_number() over (
        partition by variable_key order by trace_count desc, service
    ) as place from variable_services where trace_count > 0{} ) as {}"""
_OF_PAGE = " and variable_key in (select variable_key from {rows})"
_SERVICES = Statement(
    f"select variable_key, service from {_RANKED.format(_OF_PAGE, 'ranked')}"  # noqa: S608 - ours
    f" where place <= {MOST_SERVICES} order by service",
    variable_key=BYTES,
)
_SHARED = Statement(
    f"""select one.service, other.service, count(*) as shared
    from {_RANKED.format("", "one")} join {_RANKED.format("", "other")}
        on other.variable_key = one.variable_key and one.service < other.service
    where one.place <= {MOST_SERVICES} and other.place <= {MOST_SERVICES}
    group by 1, 2 order by 3 desc, 1, 2 limit :limit"""  # noqa: S608 - ours
)

_ACCESSES = Statement(
    """select variables.variable, cast(sum(variable_sums.accesses) as bigint)
    from {rows} join variables on variables.name_key = r.name_key
    join variable_sums on variable_sums.variable_key = variables.variable_key
    group by variables.variable""",
    name_key=BYTES,
)


def page(
    wanted: VariableFilter, limit: int, after: VariableCursor | None, connection: Connection
) -> list[VariableRow]:
    """Return a page of variables."""
    across = _across()
    pairs = func.coalesce(across.c.pairs, literal_column("0"))
    raced, accesses = variable_sums.c.race_pairs + pairs, variable_sums.c.accesses
    found = _matching(wanted, across, pairs)
    order: list[ColumnElement[Any]] = [raced, accesses, variable_sums.c.variable_key]
    place = [after.raced, after.accesses, after.variable_key] if after else []
    if wanted.order is VariableOrder.ACCESSED:
        order[:2], place[:2] = order[1::-1], place[1::-1]
    if after:
        found = found.where(tuple_(*order) < tuple_(*place))
    rows = connection.execute(found.order_by(*[column.desc() for column in order]).limit(limit)).all()
    return _with_services(connection, rows)


def _across() -> Subquery:
    """Return how many pairs between traces were proven or observed, by variable."""
    entries = finding_entries.c
    pairs = cast(func.sum(entries.proven + entries.observed), BigInteger).label("pairs")
    of_runs = select(runs.c.variable_key, pairs).join_from(
        finding_entries, runs, runs.c.number == entries.owner
    )
    return of_runs.where(entries.owner_kind == literal_column("1")).group_by(runs.c.variable_key).subquery()


def _matching(
    wanted: VariableFilter, across: Subquery, pairs: ColumnElement[int]
) -> Select[*tuple[Any, ...]]:
    sums, key = variable_sums.c, variable_sums.c.variable_key
    found = select(
        key,
        variables.c.service,
        variables.c.variable,
        variables.c.scope,
        sums.trace_count,
        sums.accesses,
        sums.reads,
        sums.writes,
        sums.race_pairs,
        pairs,
    )
    found = found.join_from(variable_sums, variables, variables.c.variable_key == key)
    found = found.outerjoin(across, across.c.variable_key == key)
    found = found.where(sums.trace_count > literal_column("0"))
    if wanted.name is not None:
        found = found.where(variables.c.name_key == key_of(wanted.name))
    if wanted.text:
        found = found.where(func.lower(variables.c.variable).like(_pattern(wanted.text), escape="\\"))
    return found


def _pattern(text: str) -> str:
    """Return the pattern of a name with `text` in it; as the databases do, fold ASCII letters only."""
    folded = "".join(letter.lower() if letter.isascii() else letter for letter in text)
    for special in ("\\", "%", "_"):
        folded = folded.replace(special, "\\" + special)
    return f"%{folded}%"


def _with_services(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[VariableRow]:
    shared = [(row[0],) for row in rows if row[1] is None]
    services: dict[bytes, list[str]] = {}
    if shared:
        for key, service in _SERVICES.run(connection, shared):
            services.setdefault(key, []).append(service)
    return [
        VariableRow(
            name=row[2],
            scope=row[3],
            trace_count=row[4],
            accesses=row[5],
            reads=row[6],
            writes=row[7],
            race_pairs=row[8],
            across_pairs=row[9],
            services=(row[1],) if row[1] is not None else tuple(services.get(row[0], ())),
        )
        for row in rows
    ]


def access_counts(names: Sequence[str], connection: Connection) -> dict[str, int]:
    """Return how often the variables of each name were accessed."""
    keys = sorted({key_of(name) for name in names})
    found = {name: int(count) for name, count in _ACCESSES.run(connection, [(key,) for key in keys])}
    return {name: found.get(name, 0) for name in names}


def shared_variables(limit: int, connection: Connection) -> list[SharedVariables]:
    """Return the pairs of services with the most variables in common."""
    return [SharedVariables(*row) for row in _SHARED.run(connection, limit=limit)]
