"""Sums over the windows of each variable: what a replaced window had added is taken back.

A batch of traces touches hundreds of variables, most of them alike (docs/adr/0013-sums-per-variable.md
tells what that costs). Of a variable that one service has to itself the variable's row names the
service; only of the others it is counted which services touched them.
"""

from __future__ import annotations

from functools import lru_cache
from operator import add

from sqlalchemy import Connection

from raceway_common.adapters.sql.window_rows import Replaced
from raceway_common.database.statement import BYTES, INT, TEXT, Statement, Values
from raceway_common.schema.keys import key_of
from raceway_core.touch import Touches, unpack_touches

_AMOUNTS = ("trace_count", "accesses", "reads", "writes", "race_pairs")
_NAMES = ", ".join(_AMOUNTS)
_SUMS = ", ".join(f"{name} = variable_sums.{name} + excluded.{name}" for name in _AMOUNTS)

_ADD = Statement(
    f"""insert into variable_sums (variable_key, {_NAMES})
    select variable_key, {_NAMES} from {{rows}} where true
    on conflict (variable_key) do update set {_SUMS}""",  # noqa: S608 - ours
    variable_key=BYTES,
    **dict.fromkeys(_AMOUNTS, INT),
)
_ADD_SERVICES = Statement(
    """insert into variable_services (variable_key, service_key, service, trace_count)
    select variable_key, service_key, service, trace_count from {rows} where true
    on conflict (variable_key, service_key) do update set
        trace_count = variable_services.trace_count + excluded.trace_count""",
    variable_key=BYTES,
    service_key=BYTES,
    service=TEXT,
    trace_count=INT,
)


def add_touches(connection: Connection, replaced: Replaced) -> None:
    """Take what went from the sums and add what came. Call it last: the rows are everybody's."""
    amounts: dict[bytes, tuple[int, ...]] = {}
    services: dict[tuple[bytes, str], int] = {}
    for sign, rows in ((-1, replaced.gone), (1, replaced.come)):
        for row in rows:
            touches = unpack_touches(row.touches)
            known = amounts.get(row.variable_key)
            added = _amounts_of(touches, sign)
            amounts[row.variable_key] = tuple(map(add, known, added)) if known else added
            for service in touches.services:
                pair = (row.variable_key, service)
                services[pair] = services.get(pair, 0) + sign
    changed: list[Values] = [(key, *sums) for key, sums in sorted(amounts.items()) if any(sums)]
    if changed:
        _ADD.run(connection, changed)
    if counted := sorted((key, key_of(name), name, sign) for (key, name), sign in services.items() if sign):
        _ADD_SERVICES.run(connection, counted)


@lru_cache(maxsize=4096)
def _amounts_of(touches: Touches, sign: int) -> tuple[int, ...]:
    return tuple(
        sign * amount for amount in (1, touches.accesses, touches.reads, touches.writes, touches.race_pairs)
    )
