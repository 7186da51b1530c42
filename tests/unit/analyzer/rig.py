"""The analyzer over an SQLite file, with its clock and its worker processes in the test's hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import anyio
from anyio import BrokenWorkerProcess

from raceway_analyzer.stores import Stores
from raceway_common.adapters.sql.event_store import SqlEventStore
from raceway_common.adapters.sql.finding_store import SqlFindingStore
from raceway_common.adapters.sql.trace_store import SqlTraceStore
from raceway_common.adapters.sql.work_queue import SqlWorkQueue
from raceway_common.adapters.sqlite_bus import SqliteBus, open_sqlite_bus
from raceway_common.database.database import Database, open_database
from raceway_common.ports.finding_store import RunOutcome
from raceway_common.ports.trace_store import TraceOutcome
from raceway_common.schedule import Pace
from raceway_common.schema.migrate import migrate_database
from raceway_core.batch import Message, TraceSlice, encode_message, slice_of
from raceway_core.event import Event

SECOND_NS = 1_000_000_000
AT_ONCE = Pace(quiet_ns=0, patience_ns=0, growth=1.25, least_ns=0)


@dataclass
class Clock:
    now_ns: int = 1_795_600_000 * SECOND_NS

    def __call__(self) -> int:
        self.now_ns += 1
        return self.now_ns


class Changes:
    """Wakes those who wait for a result."""

    def __init__(self) -> None:
        self.next = anyio.Event()

    def announce(self) -> None:
        self.next.set()
        self.next = anyio.Event()


class Traces(SqlTraceStore):
    """Announces results, and raises `moods` first, one for each write."""

    def __init__(self, database: Database, changes: Changes) -> None:
        super().__init__(database, pace=AT_ONCE)
        self.moods: list[Exception] = []
        self._changes = changes

    async def replace(self, outcomes: Sequence[TraceOutcome], *, now_ns: int) -> None:
        if self.moods:
            raise self.moods.pop()
        await super().replace(outcomes, now_ns=now_ns)
        self._changes.announce()


class Findings(SqlFindingStore):
    """Announces the results of runs."""

    def __init__(self, database: Database, changes: Changes) -> None:
        super().__init__(database, pace=AT_ONCE)
        self._changes = changes

    async def replace_runs(self, outcomes: Sequence[RunOutcome], *, now_ns: int) -> None:
        await super().replace_runs(outcomes, now_ns=now_ns)
        self._changes.announce()


@dataclass
class Rig:
    """Everything that the loops need; `put` is what ingest does, `idle` waits for all results."""

    bus: SqliteBus
    stores: Stores
    traces: Traces
    now_ns: Clock
    changes: Changes
    _keys: count[int] = field(default_factory=count)

    async def idle(self) -> None:
        """Return once everything that is stored is analyzed and counted."""
        with anyio.fail_after(20):
            while True:
                change = self.changes.next
                if await self.stores.queue.due() == 0:
                    return
                await change.wait()

    async def put(self, *traces: Sequence[Event]) -> None:
        """Publish one message that has the events of each trace."""
        await self.put_bytes(encode_message(Message(tuple(map(_slice, traces)))))

    async def put_bytes(self, body: bytes) -> None:
        await self.bus.publish(body, dedup_key=str(next(self._keys)))


def _slice(events: Sequence[Event]) -> TraceSlice:
    return slice_of(events[0].trace_id, events, [event.time_ns for event in events])


@asynccontextmanager
async def open_rig(folder: Path, *, lease_ns: int = 60 * SECOND_NS) -> AsyncIterator[Rig]:
    """Open a rig in which every trace is due as soon as it is stored."""
    path = folder / "raceway.db"
    clock = Clock()
    async with open_database(f"sqlite:///{path}") as database:
        await migrate_database(database)
        async with open_sqlite_bus(path, now_ns=clock) as bus:
            changes = Changes()
            traces = Traces(database, changes)
            stores = Stores(
                queue=SqlWorkQueue(database, lease_ns=lease_ns),
                events=SqlEventStore(database, pace=AT_ONCE),
                traces=traces,
                findings=Findings(database, changes),
            )
            yield Rig(bus, stores, traces, clock, changes)


class Place:
    """Runs work here and now; what `is_deadly` says of a job decides whether that place is lost."""

    def __init__(self, is_deadly: Callable[[bytes], bool] = lambda _: False) -> None:
        self.is_deadly = is_deadly
        self.deaths = 0

    async def run(self, work: Callable[[bytes], bytes], job: bytes) -> bytes:
        if self.is_deadly(job):
            self.deaths += 1
            raise BrokenWorkerProcess
        return work(job)
