"""The SQLite bus while its process is killed and its file is not what it should be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from raceway_common.adapters.sqlite_bus import open_sqlite_bus
from raceway_core.errors import Retryable

pytestmark = pytest.mark.anyio

_PUBLISHER = """
import sys
from pathlib import Path

import anyio

from raceway_common.adapters.sqlite_bus import open_sqlite_bus


async def publish_for_ever(bus, lane):
    number = 0
    while True:
        key = f"{lane}-{number}"
        await bus.publish(key.encode() * 1000, dedup_key=key)
        print(key, flush=True)
        number += 1


async def main():
    async with open_sqlite_bus(Path(sys.argv[1])) as bus, anyio.create_task_group() as tasks:
        for lane in range(8):
            tasks.start_soon(publish_for_ever, bus, lane)


anyio.run(main)
"""


async def test_what_was_confirmed_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "raceway.db"
    confirmed = await anyio.to_thread.run_sync(_publish_and_kill, path, 500)
    async with open_sqlite_bus(path) as bus, bus.subscribe() as subscription:
        held = [delivery.body for delivery in await subscription.fetch(10_000)]
    assert len(confirmed) >= 500
    assert {key * 1000 for key in confirmed} <= set(held)
    assert len(held) == len(set(held))


def _publish_and_kill(path: Path, count: int) -> list[bytes]:
    """Let another process publish, kill it after `count` confirmations, return all it printed."""
    command = [sys.executable, "-c", _PUBLISHER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        confirmed = [process.stdout.readline().strip() for _ in range(count)]
        process.kill()
        *rest, _ = process.stdout.read().split(b"\n")  # the last line may be torn
        return [*confirmed, *rest]


async def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "raceway.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Retryable, match=r"cannot open .*raceway\.db"):
        async with open_sqlite_bus(path):
            pass


async def test_refused_write_keeps_nothing_and_the_bus_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "raceway.db"
    async with open_sqlite_bus(path) as bus:
        await bus.publish(b"a", dedup_key="a")
        _break(path, "ALTER TABLE bus_dedup_keys RENAME TO elsewhere")
        with pytest.raises(Retryable, match="cannot write"):
            await bus.publish(b"b", dedup_key="b")
        _break(path, "ALTER TABLE elsewhere RENAME TO bus_dedup_keys")
        assert await bus.backlog() == 1
        await bus.publish(b"b", dedup_key="b")
        assert await bus.backlog() == 2


def _break(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.close()
