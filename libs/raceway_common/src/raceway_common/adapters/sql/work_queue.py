"""Claims on due traces and runs, in SQL (`raceway_common.ports.work_queue`).

A row that is leased is due when the lease ends: an expired lease needs no clean-up, it is work that
is due like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from raceway_common.adapters.sql.work import RUNS, TRACES
from raceway_common.database.database import Database
from raceway_common.database.statement import INT, Statement
from raceway_common.ports.work_queue import UNLIMITED, RunClaim, TraceClaim

_DUE_TRACES = Statement(
    """select number, version, trace_id, size from traces
    where due_ns <= :now order by due_ns limit :most {skip_locked}"""
)
_DUE_RUNS = Statement(
    """select number, version, span, size from runs
    where due_ns <= :now order by due_ns limit :most {skip_locked}"""
)
_NAMES = Statement(
    """select runs.number, variables.variable, variables.scope
    from {rows} join runs on runs.number = r.number
    join variables on variables.variable_key = runs.variable_key""",
    number=INT,
)
_LEASE = """update {table} set lease_owner = :owner, leased_version = r.version, due_ns = :until
    from {rows} where {table}.number = r.number"""
_LEASE_TRACES = Statement(_LEASE.replace("{table}", "traces"), number=INT, version=INT)
_LEASE_RUNS = Statement(_LEASE.replace("{table}", "runs"), number=INT, version=INT)
_DUE = Statement(
    """select (select count(*) from traces where due_ns is not null)
        + (select count(*) from runs where due_ns is not null)"""
)
_NEXT_DUE = Statement(
    """select min(due_ns) from (
        select min(due_ns) as due_ns from traces where due_ns is not null
        union all select min(due_ns) from runs where due_ns is not null
    ) as earliest"""
)

LEASE_NS = 60_000_000_000


class _Ask(NamedTuple):
    """Who asks for how much."""

    most: int
    most_size: int
    owner: str
    now_ns: int

    def first_of(self, due: Sequence[Row[*tuple[Any, ...]]]) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return those of the due rows that fit: the first, and more while their sizes allow."""
        fits = (total <= self.most_size for total in accumulate(row.size for row in due))
        return due[: max(1, sum(fits))]


class SqlWorkQueue:
    def __init__(self, database: Database, *, lease_ns: int = LEASE_NS) -> None:
        """Lease work for `lease_ns`, which must exceed the time that the largest analysis takes."""
        self._database = database
        self._lease_ns = lease_ns

    async def claim_traces(
        self, most: int, *, owner: str, now_ns: int, most_size: int = UNLIMITED
    ) -> Sequence[TraceClaim]:
        return await self._database.write(partial(self._claim_traces, _Ask(most, most_size, owner, now_ns)))

    def _claim_traces(self, ask: _Ask, connection: Connection) -> list[TraceClaim]:
        due = ask.first_of(_DUE_TRACES.run(connection, now=ask.now_ns, most=ask.most).all())
        if due:
            leases = [(number, version) for number, version, _, _ in due]
            _LEASE_TRACES.run(connection, leases, owner=ask.owner, until=ask.now_ns + self._lease_ns)
        return [TraceClaim(trace_id, version, size) for _, version, trace_id, size in due]

    async def claim_runs(
        self, most: int, *, owner: str, now_ns: int, most_size: int = UNLIMITED
    ) -> Sequence[RunClaim]:
        return await self._database.write(partial(self._claim_runs, _Ask(most, most_size, owner, now_ns)))

    def _claim_runs(self, ask: _Ask, connection: Connection) -> list[RunClaim]:
        due = ask.first_of(_DUE_RUNS.run(connection, now=ask.now_ns, most=ask.most).all())
        if not due:
            return []
        leases = [(number, version) for number, version, _, _ in due]
        _LEASE_RUNS.run(connection, leases, owner=ask.owner, until=ask.now_ns + self._lease_ns)
        rows = _NAMES.run(connection, [(number,) for number, _ in leases])
        names = {number: (variable, scope) for number, variable, scope in rows}
        return [RunClaim(*names[number], span, version, size) for number, version, span, size in due]

    async def release(self, *, owner: str) -> None:
        def give_back(connection: Connection) -> None:
            TRACES.release(connection, owner)
            RUNS.release(connection, owner)

        await self._database.write(give_back)

    async def due(self) -> int:
        return await self._database.read(lambda connection: _DUE.run(connection).scalar_one())

    async def next_due_ns(self) -> int | None:
        return await self._database.read(lambda connection: _NEXT_DUE.run(connection).scalar_one())
