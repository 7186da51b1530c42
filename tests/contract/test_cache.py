"""The contract of the Cache port, over every adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import pytest

from raceway_common.adapters.memory_cache import MemoryCache
from raceway_common.adapters.redis_cache import open_redis_cache
from raceway_common.ports.cache import Cache

pytestmark = pytest.mark.anyio

_LONG_S = 60.0
_SHORT_S = 0.05


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest, unique_name: str) -> AsyncIterator[Cache]:
    if request.param == "memory":
        yield MemoryCache()
        return
    async with open_redis_cache(request.getfixturevalue("redis_url"), prefix=f"{unique_name}:") as opened:
        yield opened


async def test_unknown_key_is_absent(cache: Cache) -> None:
    assert await cache.get("k", version=1) is None


async def test_value_comes_back_under_its_version_only(cache: Cache) -> None:
    await cache.put("k", b"\x00one\xff", version=1, ttl_s=_LONG_S)
    assert await cache.get("k", version=1) == b"\x00one\xff"
    assert await cache.get("k", version=2) is None
    assert await cache.get("other", version=1) is None


async def test_newer_replaces_older(cache: Cache) -> None:
    await cache.put("k", b"one", version=1, ttl_s=_LONG_S)
    await cache.put("k", b"two", version=2, ttl_s=_LONG_S)
    assert await cache.get("k", version=1) is None
    assert await cache.get("k", version=2) == b"two"


async def test_older_never_replaces_newer(cache: Cache) -> None:
    await cache.put("k", b"ten", version=10, ttl_s=_LONG_S)
    await cache.put("k", b"nine", version=9, ttl_s=_LONG_S)
    assert await cache.get("k", version=10) == b"ten"
    assert await cache.get("k", version=9) is None


async def test_of_concurrent_puts_the_newest_stays(cache: Cache) -> None:
    async with anyio.create_task_group() as tasks:
        for version in (7, 50, 3, 20, 49):
            tasks.start_soon(lambda v: cache.put("k", str(v).encode(), version=v, ttl_s=_LONG_S), version)
    assert await cache.get("k", version=50) == b"50"


async def test_value_expires(cache: Cache) -> None:
    await cache.put("k", b"brief", version=5, ttl_s=_SHORT_S)
    with anyio.fail_after(5):
        while await cache.get("k", version=5) is not None:
            pass
    await cache.put("k", b"after", version=1, ttl_s=_LONG_S)
    assert await cache.get("k", version=1) == b"after"


async def test_empty_value_is_a_value(cache: Cache) -> None:
    await cache.put("k", b"", version=1, ttl_s=_LONG_S)
    assert await cache.get("k", version=1) == b""
