"""The first schema: events, results, findings and the work queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "applied_messages",
        sa.Column("epoch", BYTEWISE, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("applied_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "sequence", name=op.f("pk_applied_messages")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chunks",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "version", "created_ns", name=op.f("pk_chunks")),
    )
    op.create_table(
        "declared_parts",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resource_key", sa.LargeBinary(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), nullable=False),
        sa.Column("transactions", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "resource_key", name=op.f("pk_declared_parts")),
    )
    op.create_index("ix_declared_parts_recent", "declared_parts", ["last_ns", "number"], unique=False)
    op.create_index(
        "ix_declared_parts_resource", "declared_parts", ["resource_key", "last_ns", "number"], unique=False
    )
    op.create_table(
        "dropped_batches",
        sa.Column("batch_key", sa.LargeBinary(), nullable=False),
        sa.Column("applied_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", name=op.f("pk_dropped_batches")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dropped_events",
        sa.Column("reason", BYTEWISE, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reason", name=op.f("pk_dropped_events")),
    )
    op.create_table(
        "finding_aliases",
        sa.Column("alias", BYTEWISE, nullable=False),
        sa.Column("fingerprint", BYTEWISE, nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alias", "fingerprint", name=op.f("pk_finding_aliases")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_finding_aliases_fingerprint", "finding_aliases", ["fingerprint"], unique=False)
    op.create_table(
        "finding_bodies",
        sa.Column("owner_kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner_kind", "owner", "place", name=op.f("pk_finding_bodies")),
    )
    op.create_table(
        "finding_entries",
        sa.Column("owner_kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", BYTEWISE, nullable=False),
        sa.Column("kind", BYTEWISE, nullable=False),
        sa.Column("verdict_rank", sa.SmallInteger(), nullable=False),
        sa.Column("severity_rank", sa.SmallInteger(), nullable=False),
        sa.Column("is_across", sa.SmallInteger(), nullable=False),
        sa.Column("may_hide", sa.SmallInteger(), nullable=False),
        sa.Column("is_covered", sa.SmallInteger(), nullable=False),
        sa.Column("strength", sa.BigInteger(), nullable=False),
        sa.Column("pairs", sa.BigInteger(), nullable=False),
        sa.Column("proven", sa.BigInteger(), nullable=False),
        sa.Column("observed", sa.BigInteger(), nullable=False),
        sa.Column("possible", sa.BigInteger(), nullable=False),
        sa.Column("order_dependent", sa.BigInteger(), nullable=False),
        sa.Column("guarded", sa.BigInteger(), nullable=False),
        sa.Column("first_ns", sa.BigInteger(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), nullable=False),
        sa.Column("lead", sa.LargeBinary(), nullable=False),
        sa.Column("aliases", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner_kind", "owner", "place", name=op.f("pk_finding_entries")),
    )
    op.create_index(
        "ix_finding_entries_group", "finding_entries", ["fingerprint", "owner_kind", "lead"], unique=False
    )
    op.create_index("ix_finding_entries_kind", "finding_entries", ["kind", "fingerprint"], unique=False)
    op.create_table(
        "finding_version",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_version")),
    )
    op.create_table(
        "operation_buckets",
        sa.Column("operation_key", sa.LargeBinary(), nullable=False),
        sa.Column("bucket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("critical_us", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("operation_key", "bucket", name=op.f("pk_operation_buckets")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_operation_buckets_bucket", "operation_buckets", ["bucket"], unique=False)
    _add_versions()
    op.create_table(
        "operation_calls",
        sa.Column("operation_key", sa.LargeBinary(), nullable=False),
        sa.Column("bucket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("duration_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trace_id", BYTEWISE, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "operation_key", "bucket", "duration_ns", "trace_id", "place", name=op.f("pk_operation_calls")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operations",
        sa.Column("operation_key", sa.LargeBinary(), nullable=False),
        sa.Column("family_key", sa.LargeBinary(), nullable=False),
        sa.Column("service", BYTEWISE, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("kind", BYTEWISE, nullable=False),
        sa.Column("status", BYTEWISE, nullable=False),
        sa.PrimaryKeyConstraint("operation_key", name=op.f("pk_operations")),
    )
    op.create_index("ix_operations_family", "operations", ["family_key"], unique=False)
    op.create_table(
        "lock_totals",
        sa.Column("lock_key", sa.LargeBinary(), nullable=False),
        sa.Column("lock", BYTEWISE, nullable=False),
        sa.Column("scope", BYTEWISE, nullable=False),
        sa.Column("trace_count", sa.BigInteger(), nullable=False),
        sa.Column("holds", sa.BigInteger(), nullable=False),
        sa.Column("hold_us", sa.BigInteger(), nullable=False),
        sa.Column("waits", sa.BigInteger(), nullable=False),
        sa.Column("wait_us", sa.BigInteger(), nullable=False),
        sa.Column("contended", sa.BigInteger(), nullable=False),
        sa.Column("contended_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lock_key", name=op.f("pk_lock_totals")),
    )
    op.create_index("ix_lock_totals_page", "lock_totals", ["wait_us", "hold_us", "lock_key"], unique=False)
    op.create_table(
        "lock_classes",
        sa.Column("variable_key", sa.LargeBinary(), nullable=False),
        sa.Column("class_key", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("variable_key", "class_key", name=op.f("pk_lock_classes")),
    )
    op.create_index("ix_lock_classes_class", "lock_classes", ["class_key"], unique=False)
    op.create_table(
        "lock_orders",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("class_key", sa.LargeBinary(), nullable=False),
        sa.Column("lead", sa.LargeBinary(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), nullable=False),
        sa.Column("example", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "class_key", name=op.f("pk_lock_orders")),
    )
    op.create_index("ix_lock_orders_last", "lock_orders", ["class_key", "last_ns"], unique=False)
    op.create_index("ix_lock_orders_lead", "lock_orders", ["class_key", "lead"], unique=False)
    op.create_table(
        "runs",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("variable_key", sa.LargeBinary(), nullable=False),
        sa.Column("span", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("done_version", sa.BigInteger(), nullable=False),
        sa.Column("done_size", sa.BigInteger(), nullable=False),
        sa.Column("spent_size", sa.BigInteger(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("touched_ns", sa.BigInteger(), nullable=False),
        sa.Column("due_ns", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("leased_version", sa.BigInteger(), nullable=True),
        sa.Column("turn", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_runs")),
        sa.UniqueConstraint("variable_key", "span", name=op.f("uq_runs_variable_key_span")),
    )
    op.create_index(
        "ix_runs_due",
        "runs",
        ["due_ns"],
        sqlite_where=sa.text("due_ns is not null"),
        postgresql_where=sa.text("due_ns is not null"),
    )
    op.create_table(
        "service_calls",
        sa.Column("call_key", sa.LargeBinary(), nullable=False),
        sa.Column("caller_key", sa.LargeBinary(), nullable=False),
        sa.Column("callee_key", sa.LargeBinary(), nullable=False),
        sa.Column("caller", BYTEWISE, nullable=False),
        sa.Column("callee", BYTEWISE, nullable=False),
        sa.Column("trace_count", sa.BigInteger(), nullable=False),
        sa.Column("http", sa.BigInteger(), nullable=False),
        sa.Column("grpc", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("database", sa.BigInteger(), nullable=False),
        sa.Column("custom", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call_key", name=op.f("pk_service_calls")),
    )
    op.create_table(
        "call_times",
        sa.Column("call_key", sa.LargeBinary(), nullable=False),
        sa.Column("bucket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call_key", "bucket", name=op.f("pk_call_times")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "call_outcomes",
        sa.Column("call_key", sa.LargeBinary(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call_key", name=op.f("pk_call_outcomes")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_service_calls_caller", "service_calls", ["caller_key"], unique=False)
    op.create_index("ix_service_calls_callee", "service_calls", ["callee_key"], unique=False)
    op.create_table(
        "services",
        sa.Column("service_key", sa.LargeBinary(), nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("trace_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service_key", name=op.f("pk_services")),
    )
    op.create_table(
        "totals",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("traces", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("race_pairs", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totals")),
    )
    op.create_table(
        "trace_results",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("trace_id", BYTEWISE, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("race_pairs", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.Column("lock_sums", sa.LargeBinary(), nullable=False),
        sa.Column("calls", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trace_results")),
    )
    op.create_index(
        "ix_trace_results_page", "trace_results", ["last_ns", "trace_id", "event_count"], unique=False
    )
    op.create_index(
        "ix_trace_results_racy",
        "trace_results",
        ["last_ns", "trace_id", "event_count"],
        sqlite_where=sa.text("race_pairs > 0"),
        postgresql_where=sa.text("race_pairs > 0"),
    )
    op.create_table(
        "trace_sections",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("section", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "section", name=op.f("pk_trace_sections")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trace_services",
        sa.Column("service_key", sa.LargeBinary(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trace_id", BYTEWISE, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service_key", "last_ns", "trace_id", name=op.f("pk_trace_services")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "traces",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("trace_id", BYTEWISE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("done_version", sa.BigInteger(), nullable=False),
        sa.Column("done_size", sa.BigInteger(), nullable=False),
        sa.Column("spent_size", sa.BigInteger(), nullable=False),
        sa.Column("since_ns", sa.BigInteger(), nullable=False),
        sa.Column("touched_ns", sa.BigInteger(), nullable=False),
        sa.Column("due_ns", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("leased_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_traces")),
        sa.UniqueConstraint("trace_id", name=op.f("uq_traces_trace_id")),
    )
    op.create_index(
        "ix_traces_due",
        "traces",
        ["due_ns"],
        sqlite_where=sa.text("due_ns is not null"),
        postgresql_where=sa.text("due_ns is not null"),
    )
    op.create_table(
        "variables",
        sa.Column("variable_key", sa.LargeBinary(), nullable=False),
        sa.Column("variable", BYTEWISE, nullable=False),
        sa.Column("scope", BYTEWISE, nullable=False),
        sa.Column("name_key", sa.LargeBinary(), nullable=False),
        sa.Column("service", BYTEWISE, nullable=True),
        sa.Column("is_split", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("variable_key", name=op.f("pk_variables")),
    )
    op.create_index("ix_variables_name", "variables", ["name_key"], unique=False)
    op.create_table(
        "variable_sums",
        sa.Column("variable_key", sa.LargeBinary(), nullable=False),
        sa.Column("trace_count", sa.BigInteger(), nullable=False),
        sa.Column("accesses", sa.BigInteger(), nullable=False),
        sa.Column("reads", sa.BigInteger(), nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.Column("race_pairs", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("variable_key", name=op.f("pk_variable_sums")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "variable_services",
        sa.Column("variable_key", sa.LargeBinary(), nullable=False),
        sa.Column("service_key", sa.LargeBinary(), nullable=False),
        sa.Column("service", BYTEWISE, nullable=False),
        sa.Column("trace_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("variable_key", "service_key", name=op.f("pk_variable_services")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "windows",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("variable_key", sa.LargeBinary(), nullable=False),
        sa.Column("first_span", sa.BigInteger(), nullable=False),
        sa.Column("last_span", sa.BigInteger(), nullable=False),
        sa.Column("first_ns", sa.BigInteger(), nullable=False),
        sa.Column("last_ns", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("turn", sa.LargeBinary(), nullable=False),
        sa.Column("touches", sa.LargeBinary(), nullable=False),
        sa.Column("deeds", sa.LargeBinary(), nullable=True),
        sa.Column("lead", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number", "variable_key", name=op.f("pk_windows")),
    )
    _index_windows()


def _index_windows() -> None:
    op.create_index("ix_windows_begin", "windows", ["variable_key", "first_span"], unique=False)
    op.create_index(
        "ix_windows_crossing",
        "windows",
        ["variable_key", "last_span"],
        sqlite_where=sa.text("last_span > first_span"),
        postgresql_where=sa.text("last_span > first_span"),
    )
    op.create_index(
        "ix_windows_deeds",
        "windows",
        ["variable_key", "deeds", "lead"],
        sqlite_where=sa.text("deeds is not null"),
        postgresql_where=sa.text("deeds is not null"),
    )


def _add_versions() -> None:
    op.create_index("ix_operation_buckets_version", "operation_buckets", ["version"], unique=False)
    op.create_table(
        "result_version",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_version")),
    )
