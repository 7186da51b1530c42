"""The Redis cache while its server is away: empty, quick, and back by itself."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from raceway_common.adapters.redis_cache import open_redis_cache
from raceway_common.servers import ValkeyServer

pytestmark = pytest.mark.anyio


class Clock:
    """A clock that stands still, so that the server's rest ends when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def test_absent_server_is_an_empty_cache() -> None:
    async with open_redis_cache("redis://127.0.0.1:9/0") as cache:
        await cache.put("k", b"v", version=1, ttl_s=60)
        assert await cache.get("k", version=1) is None


async def test_server_is_left_alone_for_a_while_after_a_failure(tmp_path: Path) -> None:
    clock = Clock()
    with ValkeyServer(tmp_path) as server:
        async with open_redis_cache(server.url, now_s=clock) as cache:
            await cache.put("k", b"v", version=1, ttl_s=60)
            server.kill()
            assert await cache.get("k", version=1) is None
            server.start()
            await cache.put("k", b"unsent", version=2, ttl_s=60)
            clock.now_s += 0.5
            assert await cache.get("k", version=2) is None
            await cache.put("k", b"sent", version=2, ttl_s=60)
            assert await cache.get("k", version=2) == b"sent"


async def test_frozen_server_costs_little(tmp_path: Path) -> None:
    with ValkeyServer(tmp_path) as server:
        async with open_redis_cache(server.url) as cache:
            await cache.put("k", b"v", version=1, ttl_s=60)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGSTOP)
            try:
                for _ in range(1000):  # one deadline, not a thousand: the test's own time-out proves it
                    assert await cache.get("k", version=1) is None
            finally:
                os.kill(server.pid, signal.SIGCONT)
