"""What the in-process cache promises beyond the port: bounds and exact expiry."""

from __future__ import annotations

import pytest

from raceway_common.adapters.memory_cache import MemoryCache

pytestmark = pytest.mark.anyio


async def test_least_recently_used_goes_first() -> None:
    cache = MemoryCache(most_bytes=3 * 1300)
    for key in "abc":
        await cache.put(key, bytes(1000), version=1, ttl_s=60)
    await cache.get("a", version=1)
    await cache.put("d", bytes(1000), version=1, ttl_s=60)
    kept = [key for key in "abcd" if await cache.get(key, version=1) is not None]
    assert kept == ["a", "c", "d"]


async def test_value_larger_than_the_cache_is_not_kept() -> None:
    cache = MemoryCache(most_bytes=1000)
    await cache.put("k", bytes(2000), version=1, ttl_s=60)
    assert await cache.get("k", version=1) is None


async def test_replaced_values_do_not_add_up() -> None:
    cache = MemoryCache(most_bytes=2 * 1300)
    await cache.put("other", bytes(1000), version=1, ttl_s=60)
    for version in range(100):
        await cache.put("k", bytes(1000), version=version, ttl_s=60)
    assert await cache.get("other", version=1) is not None


async def test_value_lives_exactly_its_time() -> None:
    now_s = 100.0
    cache = MemoryCache(now_s=lambda: now_s)
    await cache.put("k", b"v", version=1, ttl_s=5)
    now_s = 104.9
    assert await cache.get("k", version=1) == b"v"
    now_s = 105.0
    assert await cache.get("k", version=1) is None
