"""Lists of traces: pages by keyset, pages by number, and how many there are.

A page is found in an index alone (`ix_trace_results_page`, `ix_trace_results_racy`, or the key of
`trace_services`), then its rows are looked up; so its cost does not depend on how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, Select, func, literal_column, select, tuple_

from raceway_common.ports.trace_store import TraceCursor, TraceFilter, TraceRow
from raceway_common.schema.keys import key_of
from raceway_common.schema.sums import services, totals
from raceway_common.schema.tables import trace_results, trace_services, traces
from raceway_core.event import TraceId
from raceway_core.result import TraceSummary

_summary = msgspec.msgpack.Decoder(TraceSummary)

_ROWS = select(
    trace_results.c.summary, trace_results.c.race_pairs, trace_results.c.as_of, traces.c.version
).join_from(trace_results, traces, trace_results.c.number == traces.c.number)


def row(trace_id: TraceId, connection: Connection) -> TraceRow | None:
    """Return one analyzed trace."""
    rows = _rows(connection, _ROWS.where(traces.c.trace_id == trace_id))
    return rows[0] if rows else None


def page(
    wanted: TraceFilter, limit: int, offset: int, after: TraceCursor | None, connection: Connection
) -> Sequence[TraceRow]:
    """Return traces, newest last event first, then by id, from `after` or `offset` on."""
    found = _matching(wanted)
    place = trace_results if wanted.service is None else trace_services
    order = (place.c.last_ns, place.c.trace_id)
    if after is not None:
        found = found.where(tuple_(*order) < tuple_(after.last_ns, after.trace_id))
    newest = [column.desc() for column in order]
    picked = found.order_by(*newest).limit(limit).offset(offset).subquery()
    rows = _ROWS.join(picked, picked.c.number == trace_results.c.number)
    return _rows(connection, rows.order_by(trace_results.c.last_ns.desc(), trace_results.c.trace_id.desc()))


def count(wanted: TraceFilter, connection: Connection) -> int:
    """Return how many traces fit. Sums answer the common questions, an index the others."""
    if wanted == TraceFilter():
        number = connection.execute(select(totals.c.traces)).scalar()
    elif wanted == TraceFilter(service=wanted.service):
        key = key_of(wanted.service or "")
        number = connection.execute(
            select(services.c.trace_count).where(services.c.service_key == key)
        ).scalar()
    else:
        number = connection.execute(select(func.count()).select_from(_matching(wanted).subquery())).scalar()
    return number or 0


def _matching(wanted: TraceFilter) -> Select[int]:
    found = select(trace_results.c.number)
    if wanted.service is not None:
        found = found.join(trace_services, trace_services.c.number == trace_results.c.number)
        found = found.where(trace_services.c.service_key == key_of(wanted.service))
    if wanted.min_events > 1:
        found = found.where(trace_results.c.event_count >= wanted.min_events)
    if wanted.has_race is not None:
        racy = trace_results.c.race_pairs > literal_column("0")
        found = found.where(racy if wanted.has_race else ~racy)
    return found


def _rows(connection: Connection, wanted: Select[bytes, int, int, int]) -> list[TraceRow]:
    return [
        TraceRow(summary=_summary.decode(summary), race_pairs=race_pairs, as_of=as_of, version=version)
        for summary, race_pairs, as_of, version in connection.execute(wanted)
    ]
