"""The tables, on one `metadata`; migrations bring a database to it (`raceway_common.schema.migrate`).

The tables of sums over all traces are in `raceway_common.schema.sums`.

    traces ─┬─ chunks           events as they were stored, one row per trace and append
            ├─ trace_results    one line per analyzed trace; trace_sections the rest of its result
            ├─ trace_services   which services took part, for lists by service
            ├─ declared_parts   the transactions that it declares, by resource
            ├─ windows          what each variable's runs need of the trace, by deeds for those over all time
            ├─ lock_orders      what it asked for with locks held, by class
            ├─ operation_calls  how long each operation took, and operation_buckets their sums
            └─ finding_entries  the trace's findings (owner_kind 0), finding_bodies their evidence
    variables ─┬─ runs ─ finding_entries (owner_kind 1)
               ├─ lock_classes                      which classes the run of a scope's locks has
               └─ variable_sums, variable_services   sums over the windows of all traces

Rows that belong to a trace carry its `number`, which grows, so that their indexes grow at one end;
the random trace id is looked up once. Text of unlimited length is never indexed: keys made from
names are hashes (`raceway_common.schema.keys`). Text compares bytewise on every database.
`created_ns` is in the chunks' key because Postgres partitions by key columns only.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

import raceway_common.schema.sums  # noqa: F401 -- its tables are on the metadata too
from raceway_common.schema.base import BYTEWISE, NUMBER, metadata

__all__ = ["metadata"]


def work_columns() -> tuple[Column[int] | Column[str], ...]:
    """Return the columns that the work queue keeps, the same for traces and runs.

    `version` counts changes of the data, `size` measures it; `done_version` and `done_size` are
    those of the last completed result, which `since_ns` is the time of (before: of the first
    change); `spent_size` is what all results so far have read. `touched_ns` is the last change.
    `due_ns` is null when the result is current; while somebody holds a lease it is when the lease
    ends, `leased_version` what it was taken at.
    """
    return (
        Column("version", BigInteger, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("done_version", BigInteger, nullable=False),
        Column("done_size", BigInteger, nullable=False),
        Column("spent_size", BigInteger, nullable=False),
        Column("since_ns", BigInteger, nullable=False),
        Column("touched_ns", BigInteger, nullable=False),
        Column("due_ns", BigInteger),
        Column("lease_owner", Text),
        Column("leased_version", BigInteger),
    )


applied_messages = Table(
    "applied_messages",
    metadata,
    Column("epoch", BYTEWISE, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("applied_ns", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

dropped_batches = Table(
    "dropped_batches",
    metadata,
    Column("batch_key", LargeBinary, primary_key=True),
    Column("applied_ns", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

dropped_events = Table(
    "dropped_events",
    metadata,
    Column("reason", BYTEWISE, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

traces = Table(
    "traces",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("trace_id", BYTEWISE, nullable=False),
    *work_columns(),
    UniqueConstraint("trace_id"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("created_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("event_count", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

trace_results = Table(
    "trace_results",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("trace_id", BYTEWISE, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("race_pairs", BigInteger, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("lock_sums", LargeBinary, nullable=False),
    Column("calls", LargeBinary, nullable=False),
)

trace_sections = Table(
    "trace_sections",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("section", SmallInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

trace_services = Table(
    "trace_services",
    metadata,
    Column("service_key", LargeBinary, primary_key=True),
    Column("last_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("trace_id", BYTEWISE, primary_key=True),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

operation_calls = Table(
    "operation_calls",
    metadata,
    Column("operation_key", LargeBinary, primary_key=True),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("duration_ns", BigInteger, primary_key=True, autoincrement=False),
    Column("trace_id", BYTEWISE, primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("end_ns", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

declared_parts = Table(
    "declared_parts",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("resource_key", LargeBinary, primary_key=True),
    Column("last_ns", BigInteger, nullable=False),
    Column("transactions", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

variables = Table(
    "variables",
    metadata,
    Column("variable_key", LargeBinary, primary_key=True),
    Column("variable", BYTEWISE, nullable=False),
    Column("scope", BYTEWISE, nullable=False),
    Column("name_key", LargeBinary, nullable=False),
    Column("service", BYTEWISE),
    Column("is_split", SmallInteger, nullable=False),
)

windows = Table(
    "windows",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("variable_key", LargeBinary, primary_key=True),
    Column("first_span", BigInteger, nullable=False),
    Column("last_span", BigInteger, nullable=False),
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("turn", LargeBinary, nullable=False),
    Column("touches", LargeBinary, nullable=False),
    Column("deeds", LargeBinary),
    Column("lead", LargeBinary),
)

runs = Table(
    "runs",
    metadata,
    Column("number", NUMBER, primary_key=True),
    Column("variable_key", LargeBinary, nullable=False),
    Column("span", BigInteger, nullable=False),
    *work_columns(),
    Column("turn", LargeBinary),
    UniqueConstraint("variable_key", "span"),
)

lock_classes = Table(
    "lock_classes",
    metadata,
    Column("variable_key", LargeBinary, primary_key=True),
    Column("class_key", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

lock_orders = Table(
    "lock_orders",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("class_key", LargeBinary, primary_key=True),
    Column("lead", LargeBinary, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("example", LargeBinary, nullable=False),
)

finding_entries = Table(
    "finding_entries",
    metadata,
    Column("owner_kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", BYTEWISE, nullable=False),
    Column("kind", BYTEWISE, nullable=False),
    Column("verdict_rank", SmallInteger, nullable=False),
    Column("severity_rank", SmallInteger, nullable=False),
    Column("is_across", SmallInteger, nullable=False),
    Column("may_hide", SmallInteger, nullable=False),
    Column("is_covered", SmallInteger, nullable=False),
    Column("strength", BigInteger, nullable=False),
    Column("pairs", BigInteger, nullable=False),
    Column("proven", BigInteger, nullable=False),
    Column("observed", BigInteger, nullable=False),
    Column("possible", BigInteger, nullable=False),
    Column("order_dependent", BigInteger, nullable=False),
    Column("guarded", BigInteger, nullable=False),
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("lead", LargeBinary, nullable=False),
    Column("aliases", LargeBinary, nullable=False),
)

finding_bodies = Table(
    "finding_bodies",
    metadata,
    Column("owner_kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)

finding_version = Table(
    "finding_version",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

finding_aliases = Table(
    "finding_aliases",
    metadata,
    Column("alias", BYTEWISE, primary_key=True),
    Column("fingerprint", BYTEWISE, primary_key=True),
    Column("entries", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

for _work in (traces, runs):
    _due = text("due_ns is not null")
    Index(f"ix_{_work.name}_due", _work.c.due_ns, sqlite_where=_due, postgresql_where=_due)

Index("ix_variables_name", variables.c.name_key)


Index("ix_declared_parts_recent", declared_parts.c.last_ns, declared_parts.c.number)
Index(
    "ix_declared_parts_resource",
    declared_parts.c.resource_key,
    declared_parts.c.last_ns,
    declared_parts.c.number,
)

_racy = text("race_pairs > 0")
Index("ix_trace_results_page", trace_results.c.last_ns, trace_results.c.trace_id, trace_results.c.event_count)
Index(
    "ix_trace_results_racy",
    trace_results.c.last_ns,
    trace_results.c.trace_id,
    trace_results.c.event_count,
    sqlite_where=_racy,
    postgresql_where=_racy,
)

_crossing = text("last_span > first_span")
Index("ix_windows_begin", windows.c.variable_key, windows.c.first_span)
Index(
    "ix_windows_crossing",
    windows.c.variable_key,
    windows.c.last_span,
    sqlite_where=_crossing,
    postgresql_where=_crossing,
)

_has_deeds = text("deeds is not null")
Index(
    "ix_windows_deeds",
    windows.c.variable_key,
    windows.c.deeds,
    windows.c.lead,
    sqlite_where=_has_deeds,
    postgresql_where=_has_deeds,
)

Index("ix_lock_classes_class", lock_classes.c.class_key)
Index("ix_lock_orders_lead", lock_orders.c.class_key, lock_orders.c.lead)
Index("ix_lock_orders_last", lock_orders.c.class_key, lock_orders.c.last_ns)

Index(
    "ix_finding_entries_group",
    finding_entries.c.fingerprint,
    finding_entries.c.owner_kind,
    finding_entries.c.lead,
)
Index("ix_finding_entries_kind", finding_entries.c.kind, finding_entries.c.fingerprint)
Index("ix_finding_aliases_fingerprint", finding_aliases.c.fingerprint)
