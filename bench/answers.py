"""How long the API takes to answer over all operations, from a store that holds a day of them.

    cold    nothing is cached
    beside  a trace came since the same was asked last, so what is newest must be read again
    warm    nothing came since

The whole API answers in this process, without a network.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import anyio
import httpx

from bench import day
from raceway_api.app import routes
from raceway_api.deps import Deps
from raceway_common.adapters.memory_cache import MemoryCache
from raceway_common.adapters.sql.stores import SqlStores, sql_stores
from raceway_common.adapters.sqlite_bus import open_sqlite_bus
from raceway_common.database.database import open_database
from raceway_common.schema.migrate import migrate_database
from raceway_common.web.app import web_app

PATHS = (
    "/api/v1/anomalies",
    "/api/v1/performance",
    "/api/performance/metrics",
    "/api/services/health",
    "/api/v1/isolation",
)
COLD_ROUNDS, ROUNDS = 5, 25


def main() -> None:
    """Print the median and the 95th percentile of each route."""
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(_measure, Path(folder))


async def _measure(folder: Path) -> None:
    async with _opened(folder) as stores:
        calls = await day.fill(stores)
        print(f"  {calls:,} calls of {day.SERVICES * day.OPERATIONS} operations in {day.BUCKETS // 6} hours")
        print(f"  {'':<26} {'cold':>16} {'beside':>16} {'warm':>16}  p50, p95 in ms")
        for path in PATHS:
            cold = [await _cold_ms(stores, folder, path) for _ in range(COLD_ROUNDS)]
            beside, warm = await _kept_ms(stores, folder, path)
            print(f"  {path:<26} {_figures(cold)} {_figures(beside)} {_figures(warm)}")


@asynccontextmanager
async def _opened(folder: Path) -> AsyncGenerator[SqlStores]:
    async with open_database(f"sqlite:///{folder}/raceway.db", is_durable=False) as database:
        await migrate_database(database)
        yield sql_stores(database)


@asynccontextmanager
async def _client(stores: SqlStores, folder: Path) -> AsyncGenerator[httpx.AsyncClient]:
    async with open_sqlite_bus(folder / "bus.db") as bus:
        deps = Deps(
            **stores._asdict(),
            bus=bus,
            cache=MemoryCache(),
            version="bench",
            started_ns=day.END_NS,
            uptime_s=lambda: 1.0,
        )
        app = web_app(routes(deps), host="127.0.0.1", api_key=None)
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # httpx types ASGI less strictly
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            yield client


async def _cold_ms(stores: SqlStores, folder: Path, path: str) -> float:
    async with _client(stores, folder) as client:
        await client.get("/api/v1/services")
        return await _ms(client, path)


async def _kept_ms(stores: SqlStores, folder: Path, path: str) -> tuple[list[float], list[float]]:
    random, beside, warm = Random(path), [], []
    async with _client(stores, folder) as client:
        await _ms(client, path)
        for number in range(ROUNDS):
            trace = day.outcome_of(random, 10**6 * PATHS.index(path) + 10**7 + number, day.END_NS - 1)
            await day.keep(stores, [trace])
            beside.append(await _ms(client, path))
            warm.append(await _ms(client, path))
    return beside, warm


async def _ms(client: httpx.AsyncClient, path: str) -> float:
    began = time.perf_counter()
    (await client.get(path)).raise_for_status()
    return 1000 * (time.perf_counter() - began)


def _figures(times: list[float]) -> str:
    p95 = sorted(times)[int(0.95 * (len(times) - 1))]
    return f"{statistics.median(times):>7.1f} {p95:>8.1f}"
