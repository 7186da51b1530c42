"""Results of traces, in SQL (`raceway_common.ports.trace_store`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from raceway_common.adapters.sql import (
    call_rows,
    declared_rows,
    exemplar_rows,
    lock_order_rows,
    lock_rows,
    trace_pages,
    variable_pages,
)
from raceway_common.adapters.sql.call_times import measures_of
from raceway_common.adapters.sql.result_version import version_of
from raceway_common.adapters.sql.trace_writer import replace_results
from raceway_common.adapters.sql.window_pages import windows_from
from raceway_common.database.database import Database
from raceway_common.database.statement import BYTES, INT, TEXT, Statement
from raceway_common.ports.trace_store import (
    TOGETHER,
    CallMeasures,
    DeclaredRow,
    LockCursor,
    LockTotals,
    Section,
    ServiceCalls,
    ServiceRow,
    SharedVariables,
    Totals,
    TraceCursor,
    TraceFilter,
    TraceOutcome,
    TraceRow,
    VariableCursor,
    VariableFilter,
    VariableRow,
)
from raceway_common.ports.work_queue import RunClaim
from raceway_common.schedule import PACE, Pace
from raceway_common.schema.keys import key_of
from raceway_core.deed_key import NO_DEEDS
from raceway_core.event import TraceId
from raceway_core.result import OrderClass, Window

_SECTION = Statement(
    """select body from traces join trace_sections on trace_sections.number = traces.number
    where traces.trace_id = :trace_id and section in (:section, :together)"""
)
_SECTIONS = Statement(
    """select traces.trace_id, body from {rows} join traces on traces.trace_id = r.trace_id
    join trace_sections on trace_sections.number = traces.number
    where section in (:section, :together)""",
    trace_id=TEXT,
)
_SERVICES = Statement(
    """select name, event_count, trace_count, (
        select max(last_ns) from trace_services where trace_services.service_key = services.service_key
    ) from services where trace_count > 0 order by name"""
)
_TOTALS = Statement("select traces, events, race_pairs from totals where id = 1")
_NEVER_ANALYZED = Statement("select count(*) from traces where due_ns is not null and done_version = 0")
_WINDOWS = Statement(
    """select r.place, traces.trace_id, first_ns, last_ns, windows.body, turn, touches,
        coalesce(deeds, :no_deeds)
    from {rows} join windows on windows.variable_key = r.variable_key and first_span = r.span
    join traces on traces.number = windows.number
    union all
    select r.place, traces.trace_id, first_ns, last_ns, windows.body, turn, touches,
        coalesce(deeds, :no_deeds)
    from {rows} join windows on windows.variable_key = r.variable_key
        and last_span > first_span and last_span >= r.span and first_span < r.span
    join traces on traces.number = windows.number
    order by 1, 2""",
    place=INT,
    variable_key=BYTES,
    span=INT,
)


class SqlTraceStore:
    def __init__(self, database: Database, *, pace: Pace = PACE) -> None:
        self._database = database
        self._pace = pace

    async def replace(self, outcomes: Sequence[TraceOutcome], *, now_ns: int) -> None:
        await self._database.write(partial(replace_results, outcomes, now_ns, self._pace))

    async def version(self) -> int:
        return await self._database.read(version_of)

    async def row(self, trace_id: TraceId) -> TraceRow | None:
        return await self._database.read(partial(trace_pages.row, trace_id))

    async def section(self, trace_id: TraceId, section: Section) -> bytes | None:
        def read(connection: Connection) -> bytes | None:
            body: bytes | None = _SECTION.run(
                connection, trace_id=trace_id, section=int(section), together=TOGETHER
            ).scalar()
            return body

        return await self._database.read(read)

    async def sections(self, trace_ids: Sequence[TraceId], section: Section) -> Mapping[TraceId, bytes]:
        wanted = [(trace_id,) for trace_id in trace_ids]
        rows = await self._database.read(
            lambda connection: _SECTIONS.run(
                connection, wanted, section=int(section), together=TOGETHER
            ).all()
        )
        return dict(map(tuple, rows))

    async def page(self, wanted: TraceFilter, *, limit: int, after: TraceCursor | None) -> Sequence[TraceRow]:
        return await self._database.read(partial(trace_pages.page, wanted, limit, 0, after))

    async def numbered_page(
        self, wanted: TraceFilter, *, limit: int, offset: int
    ) -> tuple[Sequence[TraceRow], int]:
        def read(connection: Connection) -> tuple[Sequence[TraceRow], int]:
            rows = trace_pages.page(wanted, limit, offset, None, connection)
            return rows, trace_pages.count(wanted, connection)

        return await self._database.read(read)

    async def services(self) -> Sequence[ServiceRow]:
        rows = await self._database.read(lambda connection: _SERVICES.run(connection).all())
        return [ServiceRow(*row) for row in rows]

    async def service_calls(self, *, limit: int) -> tuple[Sequence[ServiceCalls], int]:
        return await self._database.read(partial(call_rows.most_calls, limit))

    async def calls_around(
        self, service: str, *, limit: int
    ) -> tuple[Sequence[ServiceCalls], Sequence[ServiceCalls]]:
        return await self._database.read(partial(call_rows.calls_around, service, limit))

    async def locks(self, *, limit: int, after: LockCursor | None) -> Sequence[LockTotals]:
        return await self._database.read(partial(lock_rows.most_waited_for, limit, after))

    async def declared(self, *, since_ns: int, resource: str | None, limit: int) -> Sequence[DeclaredRow]:
        return await self._database.read(partial(declared_rows.recent, since_ns, resource, limit))

    async def call_measures(self, pairs: Sequence[tuple[str, str]]) -> Sequence[CallMeasures]:
        return await self._database.read(partial(measures_of, pairs))

    async def totals(self) -> Totals:
        return await self._database.read(_totals)

    async def variables(
        self, wanted: VariableFilter, *, limit: int, after: VariableCursor | None
    ) -> Sequence[VariableRow]:
        return await self._database.read(partial(variable_pages.page, wanted, limit, after))

    async def access_counts(self, names: Sequence[str]) -> Mapping[str, int]:
        return await self._database.read(partial(variable_pages.access_counts, names))

    async def shared_variables(self, *, limit: int) -> Sequence[SharedVariables]:
        return await self._database.read(partial(variable_pages.shared_variables, limit))

    async def variable_windows(
        self, variable: str, scope: str, *, from_ns: int, limit: int
    ) -> tuple[Sequence[tuple[TraceId, Window]], int | None]:
        return await self._database.read(partial(windows_from, variable, scope, from_ns, limit))

    async def windows(self, runs: Sequence[RunClaim]) -> Sequence[Sequence[tuple[TraceId, Window]]]:
        wanted = [(place, key_of(run.variable, run.scope), run.span) for place, run in enumerate(runs)]
        rows = await self._database.read(
            lambda connection: _WINDOWS.run(connection, wanted, no_deeds=NO_DEEDS).all()
        )
        found: list[list[tuple[TraceId, Window]]] = [[] for _ in runs]
        for place, trace_id, *written in rows:
            run = runs[place]
            found[place].append((trace_id, Window(run.variable, run.scope, *written)))
        return found

    async def exemplars(self, runs: Sequence[RunClaim]) -> Sequence[Sequence[tuple[TraceId, Window]]]:
        return await self._database.read(partial(exemplar_rows.exemplars, runs))

    async def lock_classes(self, runs: Sequence[RunClaim]) -> Sequence[Sequence[OrderClass]]:
        return await self._database.read(partial(lock_order_rows.lock_classes, runs))


def _totals(connection: Connection) -> Totals:
    analyzed, events, race_pairs = _TOTALS.run(connection).first() or (0, 0, 0)
    waiting: int = _NEVER_ANALYZED.run(connection).scalar_one()
    return Totals(analyzed + waiting, events, analyzed, race_pairs)
