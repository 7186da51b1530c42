"""How long operations took, in SQL (`raceway_common.ports.baseline_store`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from raceway_common.adapters.sql.operation_rows import operation_key
from raceway_common.adapters.sql.result_version import version_of
from raceway_common.database.database import Database
from raceway_common.database.statement import BYTES, Statement
from raceway_common.ports.baseline_store import Changes
from raceway_core.bucketed.bucket import Bucket, Call, CallQuery
from raceway_core.measured import Operation

_NEWEST = Statement("select max(bucket) from operation_buckets where bucket <= :until")
_SHOWN = "service, name, kind, status, bucket, counts, critical_us"
_ALL = Statement(
    f"""select {_SHOWN} from operation_buckets
    join operations on operations.operation_key = operation_buckets.operation_key
    where bucket between :first and :last"""  # noqa: S608 - ours
)
_CHANGED = Statement(
    f"""select {_SHOWN} from operation_buckets
    join operations on operations.operation_key = operation_buckets.operation_key
    where version > :since and +bucket between :first and :last"""  # noqa: S608 - ours
)
"""The plus keeps SQLite from looking for the buckets, of which there are many, in place of the versions."""

_OF_FAMILIES = Statement(
    f"""select {_SHOWN} from {{rows}} join operations on operations.family_key = r.family_key
    join operation_buckets on operation_buckets.operation_key = operations.operation_key
    where bucket between :first and :last""",  # noqa: S608 - ours
    family_key=BYTES,
)
_CALLS = """select trace_id, place, end_ns, duration_ns from operation_calls
    where operation_key = :operation_key and {buckets} and duration_ns >= :least_ns
    order by duration_ns desc, trace_id desc, place desc limit :most"""
_IN_ONE = Statement(_CALLS.replace("{buckets}", "bucket = :first and bucket = :last"))
_IN_MANY = Statement(_CALLS.replace("{buckets}", "bucket between :first and :last"))

_LAST = 2**63 - 1
_counts = msgspec.msgpack.Decoder(dict[int, int])


class SqlBaselineStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, *, until: int | None = None) -> int | None:
        def read(connection: Connection) -> int | None:
            found: int | None = _NEWEST.run(connection, until=_LAST if until is None else until).scalar()
            return found

        return await self._database.read(read)

    async def buckets(
        self, families: Sequence[Operation] | None, *, first: int, last: int
    ) -> Sequence[Bucket]:
        def read(connection: Connection) -> list[Bucket]:
            if families is None:
                rows = _ALL.run(connection, first=first, last=last)
            else:
                keys = sorted({(operation_key(family),) for family in families})
                rows = _OF_FAMILIES.run(connection, keys, first=first, last=last)
            return [bucket for row in rows if (bucket := _bucket_of(row)).counts]

        return await self._database.read(read)

    async def changes(self, *, since: int, first: int, last: int) -> Changes:
        def read(connection: Connection) -> Changes:
            version = version_of(connection)
            if since:
                rows = _CHANGED.run(connection, since=since, first=first, last=last)
            else:
                rows = _ALL.run(connection, first=first, last=last)
            return Changes(version, [_bucket_of(row) for row in rows])

        return await self._database.read(read)

    async def calls(self, queries: Sequence[CallQuery]) -> Sequence[Sequence[Call]]:
        return await self._database.read(lambda connection: [_answer(connection, query) for query in queries])


def _bucket_of(row: Row[*tuple[Any, ...]]) -> Bucket:
    return Bucket(Operation(*row[:4]), row[4], _counts.decode(row[5]), row[6])


def _answer(connection: Connection, query: CallQuery) -> list[Call]:
    rows = (_IN_ONE if query.first == query.last else _IN_MANY).run(
        connection,
        operation_key=operation_key(query.operation),
        first=query.first,
        last=query.last,
        least_ns=query.least_ns,
        most=query.most,
    )
    return [Call(query.operation, *row) for row in rows]
