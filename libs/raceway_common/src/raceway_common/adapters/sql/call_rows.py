"""Calls between services, kept as sums: one row per caller and callee, a column for each link."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from raceway_common.database.statement import BYTES, INT, TEXT, Statement
from raceway_common.ports.trace_store import ServiceCalls
from raceway_common.schema.keys import key_of
from raceway_core.result import Call, Link

_COLUMNS = {
    Link.HTTP: "http",
    Link.GRPC: "grpc",
    Link.MESSAGE: "message",
    Link.DATABASE: "database",
    Link.CUSTOM: "custom",
}
_LINKS = tuple(_COLUMNS)
_NAMES = ", ".join(_COLUMNS.values())
_TOTAL = " + ".join(_COLUMNS.values())
_SUMS = ",\n        ".join(f"{name} = service_calls.{name} + excluded.{name}" for name in _COLUMNS.values())
_USED = " + ".join(f"case when {name} > 0 then 1 else 0 end" for name in _COLUMNS.values())

_ADD = Statement(
    f"""insert into service_calls (call_key, caller_key, callee_key, caller, callee, trace_count, {_NAMES})
    select call_key, caller_key, callee_key, caller, callee, trace_count, {_NAMES} from {{rows}} where true
    on conflict (call_key) do update set
        trace_count = service_calls.trace_count + excluded.trace_count,
        {_SUMS}""",  # noqa: S608 - ours
    call_key=BYTES,
    caller_key=BYTES,
    callee_key=BYTES,
    caller=TEXT,
    callee=TEXT,
    trace_count=INT,
    **dict.fromkeys(_COLUMNS.values(), INT),
)
_SHOWN = f"select caller, callee, trace_count, {_NAMES} from service_calls where trace_count > 0"  # noqa: S608
_ORDER = f"order by {_TOTAL} desc, caller, callee limit :limit"
_MOST = Statement(f"{_SHOWN} {_ORDER}")
_TO = Statement(f"{_SHOWN} and caller_key = :service_key {_ORDER}")
_BY = Statement(f"{_SHOWN} and callee_key = :service_key {_ORDER}")
_COUNT = Statement(f"select coalesce(sum({_USED}), 0) from service_calls where trace_count > 0")  # noqa: S608


def add_calls(connection: Connection, old: Iterable[Sequence[Call]], new: Iterable[Sequence[Call]]) -> None:
    """Take the calls of `old` results from the sums and add those of `new`; without any, do nothing."""
    sums: dict[tuple[str, str], list[int]] = {}
    for sign, results in ((-1, old), (1, new)):
        for calls in results:
            for call in calls:
                row = sums.setdefault((call.caller, call.callee), [0] * (1 + len(_LINKS)))
                row[1 + _LINKS.index(call.link)] += sign * call.count
            for pair in {(call.caller, call.callee) for call in calls}:
                sums[pair][0] += sign
    rows = [_row_of(pair, row) for pair, row in sums.items() if any(row)]
    if rows:
        _ADD.run(connection, sorted(rows))


def _row_of(pair: tuple[str, str], sums: Sequence[int]) -> tuple[bytes | str | int, ...]:
    caller, callee = pair
    return key_of(caller, callee), key_of(caller), key_of(callee), caller, callee, *sums


def most_calls(limit: int, connection: Connection) -> tuple[list[ServiceCalls], int]:
    """Return the pairs of services with the most calls, and by how many links all pairs are joined."""
    return _read(_MOST.run(connection, limit=limit)), int(_COUNT.run(connection).scalar_one())


def calls_around(
    service: str, limit: int, connection: Connection
) -> tuple[list[ServiceCalls], list[ServiceCalls]]:
    """Return whom a service calls, and who calls it."""
    key = key_of(service)
    to, by = (_read(each.run(connection, service_key=key, limit=limit)) for each in (_TO, _BY))
    return to, by


def _read(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[ServiceCalls]:
    return [
        ServiceCalls(
            caller, callee, trace_count, {link: n for link, n in zip(_LINKS, counts, strict=True) if n}
        )
        for caller, callee, trace_count, *counts in rows
    ]
