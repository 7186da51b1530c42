"""A cache in Redis or Valkey, shared by all replicas.

An entry is a hash of its version and its value. One script compares and replaces, so that of two
replicas that finish at the same time the newer wins, whatever the order of their puts.

A server that is away must not slow anybody down: a call waits a quarter of a second at most, and after
one that failed the server is left alone for a while, twice as long each time.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from raceway_common.ports.cache import Cache

T = TypeVar("T")

_DEADLINE_S = 0.25
_FIRST_REST_S = 0.5
_LONGEST_REST_S = 15.0
_CONNECTIONS = 32
_PUT = """
local held = redis.call('HGET', KEYS[1], 'version')
if held and tonumber(held) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'value', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_redis_cache(
    url: str, *, prefix: str = "raceway:", now_s: Callable[[], float] = time.monotonic
) -> AsyncIterator[RedisCache]:
    """Use the server at `url`, whether it is there or not; keys begin with `prefix`."""
    client = Redis.from_url(
        url,
        socket_timeout=_DEADLINE_S,
        socket_connect_timeout=_DEADLINE_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=_CONNECTIONS,
        client_name="raceway",
    )
    async with client:
        yield RedisCache(client, prefix=prefix, now_s=now_s)


class RedisCache(Cache):
    """See `open_redis_cache`."""

    def __init__(self, client: Redis, *, prefix: str, now_s: Callable[[], float]) -> None:
        self._client = client
        self._prefix = prefix
        self._script = client.register_script(_PUT)
        self._circuit = _Circuit(now_s)

    async def get(self, key: str, *, version: int) -> bytes | None:
        held = await self._circuit.run(lambda: self._read(key))
        if held is None or held[0] is None or held[1] is None or int(held[0]) != version:
            return None
        return held[1]

    async def put(self, key: str, value: bytes, *, version: int, ttl_s: float) -> None:
        arguments: list[int | bytes] = [version, value, max(1, int(ttl_s * 1000))]
        await self._circuit.run(lambda: self._script(keys=[self._prefix + key], args=arguments))

    async def _read(self, key: str) -> list[bytes | None]:
        answer: list[bytes | None] = await self._client.execute_command(  # type: ignore[no-untyped-call]
            "HMGET", self._prefix + key, "version", "value"
        )
        return answer


class _Circuit:
    """Calls the server, or does not while it rests after a failure."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._closed_until_s = 0.0
        self._rest_s = 0.0

    async def run(self, call: Callable[[], Awaitable[T]]) -> T | None:
        """Return the answer of `call`; None while the server is away."""
        if self._rest_s and self._now_s() < self._closed_until_s:
            return None
        try:
            with anyio.fail_after(2 * _DEADLINE_S):  # to connect and to ask
                answer = await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._rest(error)
            return None
        if self._rest_s:
            _log.info("cache_reached_again")
            self._rest_s = 0.0
        return answer

    def _rest(self, error: Exception) -> None:
        if self._rest_s and self._now_s() < self._closed_until_s:
            return  # a call that began before the rest
        if not self._rest_s:
            _log.warning("cache_lost", reason=str(error) or type(error).__name__)
        self._rest_s = min(max(_FIRST_REST_S, 2 * self._rest_s), _LONGEST_REST_S)
        self._closed_until_s = self._now_s() + self._rest_s
