"""Replacing the results of traces, in one transaction for many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from raceway_common.adapters.sql.declared_rows import replace_declared
from raceway_common.adapters.sql.finding_rows import Owner, count_change, replace_entries
from raceway_common.adapters.sql.lock_order_rows import Orders, replace_lock_orders
from raceway_common.adapters.sql.operation_rows import add_to_buckets, replace_calls
from raceway_common.adapters.sql.result_version import count_version
from raceway_common.adapters.sql.service_rows import Line, add_up, list_by_service
from raceway_common.adapters.sql.variable_sums import add_touches
from raceway_common.adapters.sql.window_rows import Windows, replace_windows
from raceway_common.adapters.sql.work import TRACES, Locked
from raceway_common.database.statement import BYTES, INT, TEXT, Statement
from raceway_common.ports.trace_store import TraceOutcome
from raceway_common.schedule import Pace
from raceway_core.bucketed.bucket import CallEntry
from raceway_core.result import TraceSummary

_OLD = Statement(
    """select trace_results.number, race_pairs, summary, lock_sums, calls
    from {rows} join trace_results on trace_results.number = r.number""",
    number=INT,
)
_PUT_RESULTS = Statement(
    """insert into trace_results
        (number, trace_id, as_of, last_ns, event_count, race_pairs, summary, lock_sums, calls)
    select number, trace_id, as_of, last_ns, event_count, race_pairs, summary, lock_sums, calls
    from {rows} where true
    on conflict (number) do update set
        as_of = excluded.as_of, last_ns = excluded.last_ns, event_count = excluded.event_count,
        race_pairs = excluded.race_pairs, summary = excluded.summary, lock_sums = excluded.lock_sums,
        calls = excluded.calls""",
    number=INT,
    trace_id=TEXT,
    as_of=INT,
    last_ns=INT,
    event_count=INT,
    race_pairs=INT,
    summary=BYTES,
    lock_sums=BYTES,
    calls=BYTES,
)
_REMOVE_SECTIONS = Statement(
    "delete from trace_sections where number in (select number from {rows})", number=INT
)
_ADD_SECTIONS = Statement(
    "insert into trace_sections (number, section, body) select number, section, body from {rows}",
    number=INT,
    section=INT,
    body=BYTES,
)

_encoder = msgspec.msgpack.Encoder()
_summary = msgspec.msgpack.Decoder(TraceSummary)
_calls = msgspec.msgpack.Decoder(tuple[CallEntry, ...])

_ResultRow = tuple[int, str, int, int, int, int, bytes, bytes, bytes]


class _Fresh(NamedTuple):
    """An outcome that is newer than what is stored, and the trace's locked row."""

    outcome: TraceOutcome
    row: Locked


def replace_results(
    outcomes: Sequence[TraceOutcome], now_ns: int, pace: Pace, connection: Connection
) -> None:
    """Do what `TraceStore.replace` promises, on an open transaction."""
    fresh = _lock_fresh(connection, outcomes)
    if not fresh:
        return
    done = [(row, outcome.claim.version) for outcome, row in fresh]
    TRACES.complete(connection, done, now_ns=now_ns, pace=pace)
    known = [row.number for _, row in fresh if row.done_version > 0]
    old = _old_lines(connection, known)
    new = [Line(row.number, it.summary, it.race_pairs, it.lock_sums, it.calls) for it, row in fresh]
    _PUT_RESULTS.run(connection, [_result_of(outcome, row) for outcome, row in fresh])
    _replace_sections(connection, fresh, known)
    list_by_service(connection, old, new)
    touched = replace_calls(connection, old, new)
    entries = {row.number: outcome.findings for outcome, row in fresh}
    change = replace_entries(connection, Owner.TRACE, entries, known=known)
    replace_declared(connection, {row.number: outcome for outcome, row in fresh}, known=known)
    windows = {row.number: Windows(it.claim.trace_id, it.windows) for it, row in fresh}
    replaced = replace_windows(connection, windows, known=known, now_ns=now_ns, pace=pace)
    orders = {row.number: Orders(it.claim.trace_id, it.lock_orders) for it, row in fresh if it.lock_orders}
    replace_lock_orders(connection, orders, known=known, now_ns=now_ns, pace=pace)
    add_up(connection, old, new)
    add_touches(connection, replaced)
    add_to_buckets(connection, old, new, touched, version=count_version(connection))
    count_change(connection, change)


def _lock_fresh(connection: Connection, outcomes: Sequence[TraceOutcome]) -> list[_Fresh]:
    newest: dict[str, TraceOutcome] = {}
    for outcome in outcomes:
        other = newest.setdefault(outcome.claim.trace_id, outcome)
        if outcome.claim.version > other.claim.version:
            newest[outcome.claim.trace_id] = outcome
    rows = TRACES.lock(connection, [(trace_id,) for trace_id in sorted(newest)])
    return [
        _Fresh(outcome, row)
        for trace_id, outcome in newest.items()
        if (row := rows.get((trace_id,))) is not None and outcome.claim.version > row.done_version
    ]


def _old_lines(connection: Connection, known: Sequence[int]) -> list[Line]:
    if not known:
        return []
    rows = _OLD.run(connection, [(number,) for number in known])
    return [
        Line(number, _summary.decode(summary), race_pairs, lock_sums, _calls.decode(calls))
        for number, race_pairs, summary, lock_sums, calls in rows
    ]


def _result_of(outcome: TraceOutcome, row: Locked) -> _ResultRow:
    summary = outcome.summary
    return (
        row.number,
        summary.trace_id,
        outcome.claim.version,
        summary.last_ns,
        summary.event_count,
        outcome.race_pairs,
        _encoder.encode(summary),
        outcome.lock_sums,
        _encoder.encode(outcome.calls),
    )


def _replace_sections(connection: Connection, fresh: Sequence[_Fresh], known: Sequence[int]) -> None:
    if known:
        _REMOVE_SECTIONS.run(connection, [(number,) for number in known])
    rows = [
        (row.number, section, body) for outcome, row in fresh for section, body in outcome.sections.items()
    ]
    _ADD_SECTIONS.run(connection, rows)
