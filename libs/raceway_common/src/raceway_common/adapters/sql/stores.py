"""All stores and the work queue of one database."""

from __future__ import annotations

from typing import NamedTuple

from raceway_common.adapters.sql.baseline_store import SqlBaselineStore
from raceway_common.adapters.sql.event_store import SqlEventStore
from raceway_common.adapters.sql.finding_store import SqlFindingStore
from raceway_common.adapters.sql.trace_store import SqlTraceStore
from raceway_common.adapters.sql.work_queue import LEASE_NS, SqlWorkQueue
from raceway_common.database.database import Database
from raceway_common.schedule import PACE, Pace


class SqlStores(NamedTuple):
    """The ports of `raceway_common.ports` that live in a database."""

    queue: SqlWorkQueue
    events: SqlEventStore
    traces: SqlTraceStore
    findings: SqlFindingStore
    baselines: SqlBaselineStore


def sql_stores(database: Database, *, pace: Pace = PACE, lease_ns: int = LEASE_NS) -> SqlStores:
    """Return the stores on an open database."""
    return SqlStores(
        queue=SqlWorkQueue(database, lease_ns=lease_ns),
        events=SqlEventStore(database, pace=pace),
        traces=SqlTraceStore(database, pace=pace),
        findings=SqlFindingStore(database, pace=pace),
        baselines=SqlBaselineStore(database),
    )
