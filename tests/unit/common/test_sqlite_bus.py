"""What the in-process bus promises beyond the port: its clock, its bounds, and one commit for many."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from raceway_common.adapters.sqlite_bus import open_sqlite_bus
from raceway_core.errors import Retryable

pytestmark = pytest.mark.anyio


class Clock:
    now_s = 1_700_000_000.0

    def __call__(self) -> int:
        return int(self.now_s * 1_000_000_000)


async def test_key_is_forgotten_after_the_window() -> None:
    clock = Clock()
    async with (
        open_sqlite_bus(None, now_ns=clock, dedup_window_s=120) as bus,
        bus.subscribe() as subscription,
    ):
        await bus.publish(b"a", dedup_key="k")
        for delivery in await subscription.fetch(10):
            await delivery.ack()
        clock.now_s += 119
        await bus.publish(b"b", dedup_key="k")
        assert await bus.backlog() == 0
        clock.now_s += 3
        await bus.publish(b"c", dedup_key="k")
        assert await bus.backlog() == 1


async def test_key_is_known_after_reopening(tmp_path: Path) -> None:
    clock = Clock()
    for expected in (1, 1):
        async with open_sqlite_bus(tmp_path / "raceway.db", now_ns=clock) as bus:
            await bus.publish(b"a", dedup_key="k")
            assert await bus.backlog() == expected


async def test_sequence_numbers_are_never_reused(tmp_path: Path) -> None:
    sequences = []
    for number in range(3):
        async with open_sqlite_bus(tmp_path / "raceway.db") as bus, bus.subscribe() as subscription:
            await bus.publish(b"a", dedup_key=str(number))
            (delivery,) = await subscription.fetch(10)
            sequences.append(delivery.position.sequence)
            await delivery.ack()
    assert len(set(sequences)) == 3


async def test_two_files_have_two_epochs(tmp_path: Path) -> None:
    epochs = set()
    for name in ("one.db", "two.db"):
        async with open_sqlite_bus(tmp_path / name) as bus, bus.subscribe() as subscription:
            await bus.publish(b"a", dedup_key="k")
            epochs.add((await subscription.fetch(1))[0].position.epoch)
    assert len(epochs) == 2


async def test_nearly_full_disk_refuses_and_the_backlog_still_drains(tmp_path: Path) -> None:
    path = tmp_path / "raceway.db"
    async with open_sqlite_bus(path) as bus:
        await bus.publish(b"a", dedup_key="a")
    async with open_sqlite_bus(path, reserve_bytes=1 << 60) as bus, bus.subscribe() as subscription:
        with pytest.raises(Retryable, match="the disk of"):
            await bus.publish(b"b", dedup_key="b")
        with pytest.raises(Retryable, match="the disk of"):
            await bus.check()
        for delivery in await subscription.fetch(10):
            await delivery.ack()
        assert await bus.backlog() == 0


async def test_closed_bus_refuses(tmp_path: Path) -> None:
    async with open_sqlite_bus(tmp_path / "raceway.db") as bus:
        pass
    with pytest.raises(Retryable, match="stopping"):
        await bus.publish(b"a", dedup_key="a")
    with pytest.raises(Retryable, match="stopping"):
        await bus.backlog()


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    path = tmp_path / "raceway.db"
    async with anyio.create_task_group() as tasks, open_sqlite_bus(path) as bus:
        for number in range(20):
            tasks.start_soon(lambda key: bus.publish(b"a", dedup_key=key), str(number))
        await anyio.wait_all_tasks_blocked()
    async with open_sqlite_bus(path) as bus:
        assert await bus.backlog() == 20
