"""Ingest and analyzers over real NATS and Postgres: every event once, however it came."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple
from uuid import UUID

import anyio
import httpx
import msgspec
import pytest
from tests.unit.core.wire import Json, event_id, metadata, wire_event, write

from raceway_analyzer import worker
from raceway_analyzer.stores import Stores
from raceway_common.adapters.jetstream_bus import JetStreamBus, open_jetstream_bus
from raceway_common.adapters.jetstream_bus.streams import Layout
from raceway_common.adapters.sql.event_store import SqlEventStore
from raceway_common.adapters.sql.finding_store import SqlFindingStore
from raceway_common.adapters.sql.trace_store import SqlTraceStore
from raceway_common.adapters.sql.work_queue import SqlWorkQueue
from raceway_common.chunk import events_in
from raceway_common.database.database import open_database
from raceway_common.schedule import Pace
from raceway_common.schema.migrate import migrate_database
from raceway_common.web.app import web_app
from raceway_core.analysis import analyze_trace
from raceway_core.batch import decode_message
from raceway_core.event import Event, TraceId
from raceway_ingest.body import Limits
from raceway_ingest.routes import ingest_routes

pytestmark = pytest.mark.anyio

TRACES = [str(UUID(int=0xA000_0000_0000_4000_8000_0000_0000_0000 + number)) for number in range(12)]
QUICK = Pace(quiet_ns=50_000_000, growth=1.25, least_ns=50_000_000)


class Suite(NamedTuple):
    """A client of ingest, and what the analyzers share."""

    client: httpx.AsyncClient
    bus: JetStreamBus
    stores: Stores


def _events(trace_id: str) -> list[Json]:
    """Return a trace of 9 events: a root, and four threads that each read and write one variable."""
    root = wire_event(1, trace_id=trace_id)
    accesses = [
        wire_event(
            2 + thread * 2 + step,
            trace_id=trace_id,
            parent_id=event_id(1),
            timestamp=f"2026-11-24T12:00:01.{thread * 2 + step:09d}Z",
            kind=write(
                variable="balance", access_type=("Read", "Write")[step], old_value=1, new_value=1 + step
            ),
            metadata=metadata(thread_id=f"worker-{thread}"),
        )
        for thread in range(4)
        for step in range(2)
    ]
    return [root, *accesses]


@pytest.fixture
def layout(unique_name: str) -> Layout:
    return Layout(name=unique_name, ack_wait_s=1.0, max_bytes=64 << 20)


@pytest.fixture
async def suite(nats_url: str, postgres_url: str, layout: Layout) -> AsyncIterator[Suite]:
    async with open_database(postgres_url) as database, open_jetstream_bus(nats_url, layout) as bus:
        await migrate_database(database)
        stores = Stores(
            queue=SqlWorkQueue(database),
            events=SqlEventStore(database, pace=QUICK),
            traces=SqlTraceStore(database, pace=QUICK),
            findings=SqlFindingStore(database, pace=QUICK),
        )
        app = web_app(ingest_routes(bus, limits=Limits()), host="127.0.0.1", api_key=None)
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # httpx types ASGI less strictly
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield Suite(client, bus, stores)


@asynccontextmanager
async def _analyzers(suite: Suite, nats_url: str, layout: Layout, *, number: int) -> AsyncIterator[None]:
    """Run replicas of the analyzer, each with a connection of its own, for the length of the block."""
    async with AsyncExitStack() as stack, anyio.create_task_group() as group:
        for replica in range(number):
            bus = await stack.enter_async_context(open_jetstream_bus(nats_url, layout))
            plan = worker.Plan(owner=f"replica-{replica}")
            await group.start(partial(worker.run, bus, suite.stores, plan, now_ns=time.time_ns))
        yield
        group.cancel_scope.cancel()


async def _idle(suite: Suite) -> None:
    with anyio.fail_after(30):
        while await suite.bus.backlog() or await suite.stores.queue.due():  # noqa: ASYNC110 -- two servers
            await anyio.sleep(0.02)


def _in_pieces(events: Sequence[Json], rng: random.Random) -> list[list[Json]]:
    """Return the events shuffled, some of them twice, in pieces of 1 to 20."""
    shuffled = [*events, *rng.choices(events, k=len(events) // 4)]
    rng.shuffle(shuffled)
    pieces = []
    while shuffled:
        size = rng.randint(1, 20)
        pieces.append(shuffled[:size])
        shuffled = shuffled[size:]
    return pieces


async def _check(suite: Suite) -> None:
    """Compare what is stored with what one analysis of each whole trace says."""
    for trace_id in map(TraceId, TRACES):
        events = [msgspec.convert(event, Event) for event in _events(trace_id)]
        expected = analyze_trace(trace_id, events)
        row = await suite.stores.traces.row(trace_id)
        assert row
        assert row.summary == expected.summary
        assert row.race_pairs == expected.race_pairs > 0


async def test_pieces_duplicates_and_replicas_change_nothing(
    suite: Suite, nats_url: str, layout: Layout
) -> None:
    rng = random.Random(3)  # noqa: S311 -- shuffles a test's events
    everything = [event for trace_id in TRACES for event in _events(trace_id)]
    async with _analyzers(suite, nats_url, layout, number=2):
        for number, piece in enumerate(_in_pieces(everything, rng)):
            for _ in range(rng.randint(1, 2)):
                answer = await suite.client.post("/events", json={"batch_id": f"b{number}", "events": piece})
                assert answer.json()["accepted"] == len(piece)
        await _idle(suite)

    await _check(suite)


async def test_a_batch_that_was_sent_twice_is_stored_once(
    suite: Suite, nats_url: str, layout: Layout
) -> None:
    batch = {"batch_id": "b", "events": _events(TRACES[0])}
    for _ in range(3):
        assert (await suite.client.post("/events", json=batch)).status_code == 200
    async with _analyzers(suite, nats_url, layout, number=1):
        await _idle(suite)

    stored = (await suite.stores.events.read([TraceId(TRACES[0])]))[TraceId(TRACES[0])]
    assert len(events_in(stored.chunks)) == len(batch["events"])


async def test_an_analyzer_that_dies_with_messages_in_hand_loses_none(
    suite: Suite, nats_url: str, layout: Layout
) -> None:
    for trace_id in TRACES:
        assert (await suite.client.post("/events", json={"events": _events(trace_id)})).status_code == 200
    async with suite.bus.subscribe() as inbox:
        taken = await inbox.fetch(5)
        messages = [(delivery.position, decode_message(delivery.body)) for delivery in taken]
        await suite.stores.events.append(messages[:3], now_ns=time.time_ns())
    async with _analyzers(suite, nats_url, layout, number=1):
        await _idle(suite)

    await _check(suite)
