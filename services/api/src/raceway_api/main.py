"""The API service of the suite: reads Redis, then Postgres; asks JetStream how much is not stored yet."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

import anyio
import structlog
from litestar.types import ASGIApp

from raceway_api.app import routes
from raceway_api.deps import Deps
from raceway_api.routes.docs import openapi_config
from raceway_common.adapters.jetstream_bus import open_jetstream_bus
from raceway_common.adapters.jetstream_bus.streams import Layout
from raceway_common.adapters.redis_cache import open_redis_cache
from raceway_common.adapters.sql.stores import sql_stores
from raceway_common.collector import settle_gc
from raceway_common.database.database import open_database
from raceway_common.process import run_until_stopped
from raceway_common.schema.migrate import check_schema
from raceway_common.settings import Settings
from raceway_common.telemetry import configure_logging
from raceway_common.web.app import web_app
from raceway_common.web.credentials import Credentials
from raceway_common.web.health import health_routes
from raceway_common.web.host import refuse_exposed
from raceway_common.web.server import serve

log = structlog.get_logger()


def run(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way. `announce` hears when it listens.

    Raises:
        Rejected: The settings do not allow it, or the database is not migrated.
        Retryable: The database or the bus cannot be reached.
    """
    configure_logging("api", form=settings.log_format, level=settings.log_level)
    refuse_exposed(settings.host, api_key=settings.key, insecure=settings.insecure)
    run_until_stopped(partial(_serve, settings, announce))


async def _serve(settings: Settings, announce: Callable[[str], None]) -> None:
    async with _opened(settings) as deps, anyio.create_task_group() as group:
        address = await group.start(serve, _app(settings, deps), settings.host, settings.port)
        settle_gc()
        log.info("api_started", url=address.url)
        announce(f"api listening on {address.url}")


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Deps]:
    layout = Layout(name=settings.bus_name, max_bytes=settings.bus_max_bytes, replicas=settings.bus_replicas)
    async with (
        open_database(settings.database_url) as database,
        open_jetstream_bus(settings.nats_url, layout) as bus,
        open_redis_cache(settings.redis_url) as cache,
    ):
        await check_schema(database)
        started_s = time.monotonic()
        stores = sql_stores(database)
        yield Deps(
            events=stores.events,
            traces=stores.traces,
            findings=stores.findings,
            baselines=stores.baselines,
            queue=stores.queue,
            bus=bus,
            cache=cache,
            version=version("raceway-api"),
            started_ns=time.time_ns(),
            uptime_s=lambda: time.monotonic() - started_s,
            credentials=Credentials(settings.key) if settings.key is not None else None,
            options=settings.options,
        )


def _app(settings: Settings, deps: Deps) -> ASGIApp:
    health = health_routes({"database": deps.findings.version, "bus": deps.bus.backlog}, version=deps.version)
    return web_app(
        [*routes(deps), *health],
        host=settings.host,
        api_key=settings.key,
        allowed_hosts=settings.allowed_hosts,
        openapi=openapi_config(deps.version),
    )
