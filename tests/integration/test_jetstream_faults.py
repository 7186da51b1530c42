"""The JetStream bus while its server dies, freezes, fills up, or loses what we set up on it."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import nats
import pytest
from nats.aio.client import Client

from raceway_common.adapters.jetstream_bus import open_jetstream_bus
from raceway_common.adapters.jetstream_bus.streams import Layout, check_version
from raceway_common.ports.bus import Bus, Delivery, Subscription
from raceway_common.servers import NatsServer
from raceway_core.errors import Rejected, Retryable

pytestmark = pytest.mark.anyio

_LAYOUT = Layout(name="FAULTS", ack_wait_s=1.0, max_bytes=8 << 20, timeout_s=0.5)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path) as running:
        yield running


@pytest.fixture
async def bus(server: NatsServer) -> AsyncIterator[Bus]:
    async with open_jetstream_bus(server.url, _LAYOUT) as opened:
        yield opened


@pytest.fixture
async def admin(server: NatsServer) -> AsyncIterator[Client]:
    """Somebody else's connection, with which to break things."""
    client = await nats.connect(server.url, allow_reconnect=False)
    yield client
    await client.close()


async def _published(bus: Bus, body: bytes) -> None:
    """Publish as ingest does: again until it is confirmed."""
    with anyio.fail_after(15):
        while True:
            try:
                return await bus.publish(body, dedup_key=body.decode())
            except Retryable:
                continue


async def _fetched(subscription: Subscription, *bodies: bytes) -> list[Delivery]:
    """Fetch and acknowledge until all of `bodies` came."""
    deliveries: list[Delivery] = []
    with anyio.fail_after(15):
        while {delivery.body for delivery in deliveries} != set(bodies):
            for delivery in await subscription.fetch(10):
                deliveries.append(delivery)
                await delivery.ack()
    return deliveries


async def test_confirmed_messages_survive_a_killed_server(bus: Bus, server: NatsServer) -> None:
    await bus.publish(b"before", dedup_key="before")
    server.kill()
    with pytest.raises(Retryable):
        await bus.publish(b"meanwhile", dedup_key="meanwhile")
    with pytest.raises(Retryable):
        await bus.check()
    server.start()
    await _published(bus, b"meanwhile")
    async with bus.subscribe() as subscription:
        deliveries = await _fetched(subscription, b"before", b"meanwhile")
    assert sorted(delivery.body for delivery in deliveries) == [b"before", b"meanwhile"]


async def test_waiting_fetch_survives_a_restart(bus: Bus, server: NatsServer) -> None:
    async with bus.subscribe() as subscription, anyio.create_task_group() as tasks:
        tasks.start_soon(_fetched, subscription, b"after")
        await anyio.wait_all_tasks_blocked()
        await anyio.to_thread.run_sync(server.kill)
        await anyio.to_thread.run_sync(server.start)
        await _published(bus, b"after")


async def test_unsettled_delivery_survives_a_restart(bus: Bus, server: NatsServer) -> None:
    await bus.publish(b"a", dedup_key="a")
    async with bus.subscribe() as subscription:
        (first,) = await subscription.fetch(1)
        await anyio.to_thread.run_sync(server.stop)
        await first.ack()
        await anyio.to_thread.run_sync(server.start)
        with anyio.move_on_after(2 * _LAYOUT.ack_wait_s):
            (again,) = await _fetched(subscription, b"a")
            assert again.position == first.position
        with anyio.fail_after(5):
            while await bus.backlog():
                pass


async def test_frozen_server_is_retryable_and_then_forgotten(bus: Bus, server: NatsServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        with pytest.raises(Retryable, match="did not confirm in time"):
            await bus.publish(b"a", dedup_key="a")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    await _published(bus, b"a")
    assert await bus.backlog() == 1


async def test_deleted_consumer_is_made_again(bus: Bus, admin: Client) -> None:
    async with bus.subscribe() as subscription, anyio.create_task_group() as tasks:
        tasks.start_soon(_fetched, subscription, b"a")
        await anyio.wait_all_tasks_blocked()
        await admin.jetstream().delete_consumer(_LAYOUT.events, _LAYOUT.consumer)
        await _published(bus, b"a")


async def test_deleted_stream_is_made_again_and_positions_stay_unique(bus: Bus, admin: Client) -> None:
    await bus.publish(b"old", dedup_key="old")
    async with bus.subscribe() as subscription:
        (old,) = await _fetched(subscription, b"old")
        await admin.jetstream().delete_stream(_LAYOUT.events)
        await _published(bus, b"new")
        (new,) = await _fetched(subscription, b"new")
        assert new.position.sequence == old.position.sequence
        assert new.position != old.position


async def test_full_stream_refuses_and_loses_nothing(bus: Bus) -> None:
    held = await _filled(bus)
    with pytest.raises(Retryable, match="full"):
        await bus.publish(os.urandom(bus.max_body_bytes), dedup_key="one more")
    with pytest.raises(Retryable, match="full"):
        await bus.check()
    async with bus.subscribe() as subscription:
        seen = 0
        while seen < held:
            for delivery in await subscription.fetch(held):
                await delivery.ack()
                seen += 1
    await _published(bus, b"room again")
    assert seen == held


async def _filled(bus: Bus) -> int:
    """Publish until the bus refuses; return how many messages it took."""
    for held in itertools.count():
        try:
            await bus.publish(os.urandom(bus.max_body_bytes), dedup_key=str(held))
        except Retryable:
            return held
    raise AssertionError("counting never ends")


async def test_absent_server_is_retryable() -> None:
    with pytest.raises(Retryable, match="no NATS server"):
        async with open_jetstream_bus("nats://127.0.0.1:9", open_timeout_s=0.5):
            pass


async def test_stream_that_could_lose_messages_is_refused(server: NatsServer, admin: Client) -> None:
    await admin.jetstream().add_stream(name=_LAYOUT.events, subjects=[_LAYOUT.events_subject])
    with pytest.raises(Rejected, match=r"FAULTS_EVENTS has retention=limits"):
        async with open_jetstream_bus(server.url, _LAYOUT):
            pass


async def test_server_without_the_storage_is_refused(server: NatsServer) -> None:
    with pytest.raises(Rejected, match="lower bus_max_bytes"):
        async with open_jetstream_bus(server.url, Layout(name="HUGE", max_bytes=1 << 60)):
            pass


def test_server_that_ignores_settings_is_refused() -> None:
    check_version(2, 10)
    check_version(3, 0)
    with pytest.raises(Rejected, match=r"version 2\.9; Raceway needs 2\.10"):
        check_version(2, 9)
