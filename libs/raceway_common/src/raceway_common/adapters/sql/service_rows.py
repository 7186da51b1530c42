"""Services, their calls, locks and totals, kept as sums: a replaced result takes back what it had added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from raceway_common.adapters.sql.call_rows import add_calls
from raceway_common.adapters.sql.call_times import add_call_times
from raceway_common.adapters.sql.lock_rows import add_locks
from raceway_common.database.statement import BYTES, INT, TEXT, Statement
from raceway_common.schema.keys import key_of
from raceway_core.bucketed.bucket import CallEntry
from raceway_core.result import Call, CallTimes, TraceSummary

_ADD_TO_SERVICES = Statement(
    """insert into services (service_key, name, event_count, trace_count)
    select service_key, name, event_count, trace_count from {rows} where true
    on conflict (service_key) do update set
        event_count = services.event_count + excluded.event_count,
        trace_count = services.trace_count + excluded.trace_count""",
    service_key=BYTES,
    name=TEXT,
    event_count=INT,
    trace_count=INT,
)
_REMOVE_TRACES = Statement(
    """delete from trace_services
    where (service_key, last_ns, trace_id) in (select service_key, last_ns, trace_id from {rows})""",
    service_key=BYTES,
    last_ns=INT,
    trace_id=TEXT,
)
_ADD_TRACES = Statement(
    """insert into trace_services (service_key, last_ns, trace_id, number)
    select service_key, last_ns, trace_id, number from {rows}""",
    service_key=BYTES,
    last_ns=INT,
    trace_id=TEXT,
    number=INT,
)
_ADD_TO_TOTALS = Statement(
    """insert into totals (id, traces, events, race_pairs)
    select 1, traces, events, race_pairs from {rows} where true
    on conflict (id) do update set
        traces = totals.traces + excluded.traces,
        events = totals.events + excluded.events,
        race_pairs = totals.race_pairs + excluded.race_pairs""",
    traces=INT,
    events=INT,
    race_pairs=INT,
)


class Line(NamedTuple):
    """What a result adds to the sums."""

    number: int
    summary: TraceSummary
    race_pairs: int
    lock_sums: bytes = b""
    calls: Sequence[CallEntry] = ()


def list_by_service(connection: Connection, old: Iterable[Line], new: Iterable[Line]) -> None:
    """Replace the places of traces in the lists of their services."""
    gone, come = _places_of(old), _places_of(new)
    if removed := sorted(gone - come):
        _REMOVE_TRACES.run(connection, [place[:3] for place in removed])
    if added := sorted(come - gone):
        _ADD_TRACES.run(connection, added)


def add_up(connection: Connection, old: Sequence[Line], new: Sequence[Line]) -> None:
    """Take `old` from the sums and add `new`. Call it last: the rows are everybody's."""
    events: dict[str, int] = {}
    traces: dict[str, int] = {}
    totals = [0, 0, 0]
    for sign, lines in ((-1, old), (1, new)):
        for line in lines:
            amounts = (1, line.summary.event_count, line.race_pairs)
            totals = [total + sign * amount for total, amount in zip(totals, amounts, strict=True)]
            for service in line.summary.services:
                events[service.name] = events.get(service.name, 0) + sign * service.event_count
                traces[service.name] = traces.get(service.name, 0) + sign
    rows = sorted((key_of(name), name, events[name], traces[name]) for name in events)
    if changed := [row for row in rows if row[2] or row[3]]:
        _ADD_TO_SERVICES.run(connection, changed)
    add_calls(connection, _calls_of(old), _calls_of(new))
    add_locks(connection, *([line.lock_sums for line in lines if line.lock_sums] for lines in (old, new)))
    add_call_times(connection, _times_of(old), _times_of(new))
    if any(totals):
        _ADD_TO_TOTALS.run(connection, [totals])


def _calls_of(lines: Sequence[Line]) -> list[Sequence[Call]]:
    return [line.summary.calls for line in lines if line.summary.calls]


def _times_of(lines: Sequence[Line]) -> list[Sequence[CallTimes]]:
    return [line.summary.call_times for line in lines if line.summary.call_times]


def _places_of(lines: Iterable[Line]) -> set[tuple[bytes, int, str, int]]:
    return {
        (key_of(service.name), line.summary.last_ns, line.summary.trace_id, line.number)
        for line in lines
        for service in line.summary.services
    }
