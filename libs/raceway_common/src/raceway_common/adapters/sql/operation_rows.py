"""Calls of operations and their sums: a replaced result takes back what it had added.

The sums of one operation in one bucket are one row with a packed sketch. It is read, changed and
written once for all traces of a transaction that have calls there. A row has the version of the results
with which it, or a call in it, changed last; whoever keeps sums asks for the rows that are newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import TypeAlias

import msgspec
from sqlalchemy import Connection

from raceway_common.adapters.sql.service_rows import Line
from raceway_common.database.statement import BYTES, INT, TEXT, Statement
from raceway_common.schema.keys import key_of
from raceway_core.bucketed.bucket import family_of
from raceway_core.measured import Operation

_NAME = Statement(
    """insert into operations (operation_key, family_key, service, name, kind, status)
    select operation_key, family_key, service, name, kind, status from {rows} where true
    on conflict (operation_key) do nothing""",
    operation_key=BYTES,
    family_key=BYTES,
    service=TEXT,
    name=TEXT,
    kind=TEXT,
    status=TEXT,
)
_REMOVE_CALLS = Statement(
    """delete from operation_calls where (operation_key, bucket, duration_ns, trace_id, place) in
    (select operation_key, bucket, duration_ns, trace_id, place from {rows})""",
    operation_key=BYTES,
    bucket=INT,
    duration_ns=INT,
    trace_id=TEXT,
    place=INT,
)
_ADD_CALLS = Statement(
    """insert into operation_calls (operation_key, bucket, duration_ns, trace_id, place, end_ns)
    select operation_key, bucket, duration_ns, trace_id, place, end_ns from {rows}""",
    operation_key=BYTES,
    bucket=INT,
    duration_ns=INT,
    trace_id=TEXT,
    place=INT,
    end_ns=INT,
)
_BEGIN_BUCKETS = Statement(
    """insert into operation_buckets (operation_key, bucket, critical_us, counts, version)
    select operation_key, bucket, 0, counts, 0 from {rows} where true
    on conflict (operation_key, bucket) do nothing""",
    operation_key=BYTES,
    bucket=INT,
    counts=BYTES,
)
_LOCK_BUCKETS = Statement(
    """select operation_key, bucket, critical_us, counts from operation_buckets
    where (operation_key, bucket) in (select operation_key, bucket from {rows})
    order by operation_key, bucket {for_update}""",
    operation_key=BYTES,
    bucket=INT,
)
_PUT_BUCKETS = Statement(
    """update operation_buckets
    set critical_us = r.critical_us, counts = r.counts, version = cast(:version as bigint) from {rows}
    where operation_buckets.operation_key = r.operation_key and operation_buckets.bucket = r.bucket""",
    operation_key=BYTES,
    bucket=INT,
    critical_us=INT,
    counts=BYTES,
)

_encoder = msgspec.msgpack.Encoder()
_counts = msgspec.msgpack.Decoder(dict[int, int])
_NO_COUNTS = _encoder.encode({})


BucketKey: TypeAlias = tuple[bytes, int]
"""An operation's key and a bucket's number."""


class _Change(msgspec.Struct):
    """What is added to one bucket, or taken from it."""

    counts: dict[int, int]
    critical_us: int = 0


def replace_calls(connection: Connection, old: Sequence[Line], new: Sequence[Line]) -> set[BucketKey]:
    """Replace the calls of traces, and name operations that are new; return whose calls changed."""
    gone, come = _calls_of(old), _calls_of(new)
    if gone:
        same = set(gone).intersection(come)
        gone, come = ([call for call in calls if call not in same] for calls in (gone, come))
    if gone:
        _REMOVE_CALLS.run(connection, [call[:5] for call in gone])
    if come:
        operations = {call.operation for line in new for call in line.calls}
        _NAME.run(connection, sorted(map(_name_of, operations)))
        _ADD_CALLS.run(connection, come)
    return {call[:2] for call in (*gone, *come)}


def add_to_buckets(
    connection: Connection, old: Iterable[Line], new: Iterable[Line], touched: Set[BucketKey], *, version: int
) -> None:
    """Take the calls of `old` from the sums and add those of `new`. Call it last, as `add_up`.

    What changes gets `version`, and so do the sums of calls that were `touched`.
    """
    changes = {
        key: change
        for key, change in _changes(old, new).items()
        if any(change.counts.values()) or change.critical_us or key in touched
    }
    if not changes:
        return
    keys = sorted(changes)
    _BEGIN_BUCKETS.run(connection, [(*key, _NO_COUNTS) for key in keys])
    rows = []
    for operation_key, bucket, critical_us, packed in _LOCK_BUCKETS.run(connection, keys).all():
        change = changes[bytes(operation_key), bucket]
        counts = _added(_counts.decode(packed), change.counts)
        rows.append((bytes(operation_key), bucket, critical_us + change.critical_us, _encoder.encode(counts)))
    _PUT_BUCKETS.run(connection, rows, version=version)


def operation_key(operation: Operation) -> bytes:
    """Return the key of an operation's rows."""
    return key_of(*operation)


def _calls_of(lines: Iterable[Line]) -> list[tuple[bytes, int, int, str, int, int]]:
    return [
        (key_of(*call.operation), call.bucket, call.duration_ns, line.summary.trace_id, place, call.end_ns)
        for line in lines
        for place, call in enumerate(line.calls)
    ]


def _name_of(operation: Operation) -> tuple[bytes, bytes, str, str, str, str]:
    return key_of(*operation), key_of(*family_of(operation)), *operation


def _changes(old: Iterable[Line], new: Iterable[Line]) -> dict[BucketKey, _Change]:
    changes: dict[BucketKey, _Change] = {}
    for sign, lines in ((-1, old), (1, new)):
        for call in (call for line in lines for call in line.calls):
            key = key_of(*call.operation), call.bucket
            change = changes.get(key)
            if change is None:
                change = changes[key] = _Change({})
            change.counts[call.cell] = change.counts.get(call.cell, 0) + sign
            change.critical_us += sign * call.critical_us
    return changes


def _added(counts: dict[int, int], more: dict[int, int]) -> dict[int, int]:
    for cell, count in more.items():
        counts[cell] = counts.get(cell, 0) + count
    return {cell: count for cell, count in sorted(counts.items()) if count}
