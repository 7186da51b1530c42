"""The tables of sums over the current results of all traces (`raceway_common.schema.tables` has the others).

Their rows are everybody's: a writer adds to them last, in one order, so that two never wait for each other.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from raceway_common.schema.base import BYTEWISE, NUMBER, metadata

services = Table(
    "services",
    metadata,
    Column("service_key", LargeBinary, primary_key=True),
    Column("name", BYTEWISE, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("trace_count", BigInteger, nullable=False),
)

service_calls = Table(
    "service_calls",
    metadata,
    Column("call_key", LargeBinary, primary_key=True),
    Column("caller_key", LargeBinary, nullable=False),
    Column("callee_key", LargeBinary, nullable=False),
    Column("caller", BYTEWISE, nullable=False),
    Column("callee", BYTEWISE, nullable=False),
    Column("trace_count", BigInteger, nullable=False),
    Column("http", BigInteger, nullable=False),
    Column("grpc", BigInteger, nullable=False),
    Column("message", BigInteger, nullable=False),
    Column("database", BigInteger, nullable=False),
    Column("custom", BigInteger, nullable=False),
)

operations = Table(
    "operations",
    metadata,
    Column("operation_key", LargeBinary, primary_key=True),
    Column("family_key", LargeBinary, nullable=False),
    Column("service", BYTEWISE, nullable=False),
    Column("name", BYTEWISE, nullable=False),
    Column("kind", BYTEWISE, nullable=False),
    Column("status", BYTEWISE, nullable=False),
)

operation_buckets = Table(
    "operation_buckets",
    metadata,
    Column("operation_key", LargeBinary, primary_key=True),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("critical_us", BigInteger, nullable=False),
    Column("counts", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

result_version = Table(
    "result_version",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

lock_totals = Table(
    "lock_totals",
    metadata,
    Column("lock_key", LargeBinary, primary_key=True),
    Column("lock", BYTEWISE, nullable=False),
    Column("scope", BYTEWISE, nullable=False),
    Column("trace_count", BigInteger, nullable=False),
    Column("holds", BigInteger, nullable=False),
    Column("hold_us", BigInteger, nullable=False),
    Column("waits", BigInteger, nullable=False),
    Column("wait_us", BigInteger, nullable=False),
    Column("contended", BigInteger, nullable=False),
    Column("contended_us", BigInteger, nullable=False),
)

call_times = Table(
    "call_times",
    metadata,
    Column("call_key", LargeBinary, primary_key=True),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

call_outcomes = Table(
    "call_outcomes",
    metadata,
    Column("call_key", LargeBinary, primary_key=True),
    Column("told", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

totals = Table(
    "totals",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("traces", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("race_pairs", BigInteger, nullable=False),
)

variable_sums = Table(
    "variable_sums",
    metadata,
    Column("variable_key", LargeBinary, primary_key=True),
    Column("trace_count", BigInteger, nullable=False),
    Column("accesses", BigInteger, nullable=False),
    Column("reads", BigInteger, nullable=False),
    Column("writes", BigInteger, nullable=False),
    Column("race_pairs", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

variable_services = Table(
    "variable_services",
    metadata,
    Column("variable_key", LargeBinary, primary_key=True),
    Column("service_key", LargeBinary, primary_key=True),
    Column("service", BYTEWISE, nullable=False),
    Column("trace_count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

Index("ix_service_calls_caller", service_calls.c.caller_key)
Index("ix_service_calls_callee", service_calls.c.callee_key)
Index("ix_operations_family", operations.c.family_key)
Index("ix_operation_buckets_bucket", operation_buckets.c.bucket)
Index("ix_operation_buckets_version", operation_buckets.c.version)
Index("ix_lock_totals_page", lock_totals.c.wait_us, lock_totals.c.hold_us, lock_totals.c.lock_key)
