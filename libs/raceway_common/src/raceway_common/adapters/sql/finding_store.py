"""Findings at rest, in SQL (`raceway_common.ports.finding_store`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio
from sqlalchemy import Connection

from raceway_common.adapters.sql import finding_groups
from raceway_common.adapters.sql.finding_merge import merged
from raceway_common.adapters.sql.finding_rows import Owner, count_change, replace_entries
from raceway_common.adapters.sql.run_rows import keep_turns
from raceway_common.adapters.sql.work import RUNS, Locked
from raceway_common.database.database import Database
from raceway_common.database.statement import Scalar, Statement
from raceway_common.packing import unpack_finding
from raceway_common.ports.finding_store import SHOWN, FindingCursor, RunOutcome, Wanted
from raceway_common.schedule import PACE, Pace
from raceway_common.schema.keys import key_of
from raceway_core.finding import Finding

_ALL = Statement("select body from finding_bodies order by owner_kind, owner, place")
_VERSION = Statement("select version from finding_version where id = 1")


class SqlFindingStore:
    def __init__(self, database: Database, *, pace: Pace = PACE) -> None:
        self._database = database
        self._pace = pace.for_runs

    async def replace_runs(self, outcomes: Sequence[RunOutcome], *, now_ns: int) -> None:
        await self._database.write(partial(self._replace_runs, outcomes, now_ns))

    def _replace_runs(self, outcomes: Sequence[RunOutcome], now_ns: int, connection: Connection) -> None:
        fresh = _lock_fresh(connection, outcomes)
        if not fresh:
            return
        done = [(row, outcome.claim.version) for outcome, row in fresh]
        RUNS.complete(connection, done, now_ns=now_ns, pace=self._pace)
        keep_turns(connection, [(row, outcome.claim.version, outcome.turn) for outcome, row in fresh])
        entries = {row.number: outcome.findings for outcome, row in fresh}
        known = [row.number for _, row in fresh if row.done_version]
        count_change(connection, replace_entries(connection, Owner.RUN, entries, known=known))

    async def version(self) -> int:
        return await self._database.read(lambda connection: _VERSION.run(connection).scalar() or 0)

    async def all(self) -> Sequence[Finding]:
        bodies = await self._database.read(lambda connection: _ALL.run(connection).scalars().all())
        return await anyio.to_thread.run_sync(lambda: [unpack_finding(body) for body in bodies])

    async def page(
        self, *, limit: int, after: FindingCursor | None, wanted: Wanted = SHOWN
    ) -> Sequence[Finding]:
        def read(connection: Connection) -> list[Finding]:
            return merged(finding_groups.page(limit, after, wanted, connection), connection)

        return await self._database.read(read)

    async def count(self, wanted: Wanted = SHOWN) -> int:
        return await self._database.read(partial(finding_groups.count, wanted))

    async def by_fingerprint(self, fingerprint: str) -> Sequence[Finding]:
        def read(connection: Connection) -> list[Finding]:
            wanted = finding_groups.named(fingerprint, connection)
            return merged(wanted, connection)

        return await self._database.read(read)


def _lock_fresh(connection: Connection, outcomes: Sequence[RunOutcome]) -> list[tuple[RunOutcome, Locked]]:
    newest: dict[tuple[Scalar, ...], RunOutcome] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.claim.version):
        claim = outcome.claim
        newest[key_of(claim.variable, claim.scope), claim.span] = outcome
    rows = RUNS.lock(connection, sorted(newest))
    return [
        (outcome, row)
        for key, outcome in newest.items()
        if (row := rows.get(key)) is not None and outcome.claim.version > row.done_version
    ]
