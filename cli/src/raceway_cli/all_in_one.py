"""All-in-one: ingest, analyzer and API in one process over SQLite.

The same services as in the suite, composed with other adapters; analysis runs in worker processes
and waits while batches are being taken in.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

import anyio
import structlog
from litestar.types import ASGIApp, ControllerRouterHandler

from raceway_analyzer import worker
from raceway_analyzer.stores import Stores
from raceway_api.app import routes as api_routes
from raceway_api.deps import Deps
from raceway_api.routes.docs import openapi_config
from raceway_cli.courtesy import Courtesy
from raceway_common.adapters.memory_cache import MemoryCache
from raceway_common.adapters.sql.stores import SqlStores, sql_stores
from raceway_common.adapters.sqlite_bus import open_sqlite_bus
from raceway_common.collector import settle_gc
from raceway_common.database.database import open_database
from raceway_common.database.file_lock import hold_directory
from raceway_common.ports.bus import Bus
from raceway_common.process import run_until_stopped
from raceway_common.schema.migrate import migrate_database
from raceway_common.settings import Settings
from raceway_common.telemetry import configure_logging
from raceway_common.web.app import web_app
from raceway_common.web.credentials import Credentials
from raceway_common.web.health import health_routes
from raceway_common.web.host import refuse_exposed
from raceway_common.web.server import serve
from raceway_ingest.body import Limits
from raceway_ingest.routes import ingest_routes

log = structlog.get_logger()

DATABASE = "raceway.db"
BUS = "bus.db"
"""A file of its own: SQLite has one writer a file, and taking in must not wait for analysis."""


class _Parts(NamedTuple):
    """What the services share in one process."""

    bus: Bus
    stores: SqlStores
    courtesy: Courtesy


def run(settings: Settings, *, durable: bool, announce: Callable[[str], None]) -> None:
    """Serve everything from `settings.data_dir` until SIGINT or SIGTERM.

    Without `durable` the directory is going to be thrown away, and nothing waits for the disk.

    Raises:
        Rejected: The directory is in use, or the settings do not allow it; the message says which.
    """
    configure_logging("raceway", form=settings.log_format, level=settings.log_level)
    refuse_exposed(settings.host, api_key=settings.key, insecure=settings.insecure)
    with hold_directory(settings.data_dir):
        run_until_stopped(partial(_run, settings, announce, durable=durable))


async def _run(settings: Settings, announce: Callable[[str], None], *, durable: bool) -> None:
    async with _open(settings, durable=durable) as parts, anyio.create_task_group() as group:
        analyze = partial(
            worker.run, parts.bus, Stores(*parts.stores[:4]), _plan(settings), now_ns=time.time_ns
        )
        address = await group.start(serve, _app(settings, parts), settings.host, settings.port)
        await group.start(partial(analyze, give_way=parts.courtesy.give_way))
        log.info("raceway_started", url=address.url, data=str(settings.data_dir))
        announce(f"raceway listening on {address.url}")
        settle_gc()


@asynccontextmanager
async def _open(settings: Settings, *, durable: bool) -> AsyncIterator[_Parts]:
    path = settings.data_dir / DATABASE
    async with open_database(f"sqlite:///{path.resolve()}", is_durable=durable) as database:
        await migrate_database(database)
        async with open_sqlite_bus(settings.data_dir / BUS if durable else None) as bus:
            stores = sql_stores(database, pace=settings.pace, lease_ns=settings.lease_ns)
            yield _Parts(bus, stores, Courtesy())


def _plan(settings: Settings) -> worker.Plan:
    return worker.Plan(
        owner=f"all-in-one-{secrets.token_hex(4)}",
        workers=settings.worker_count,
        claim_size=settings.claim_size,
        options=settings.options,
    )


def _app(settings: Settings, parts: _Parts) -> ASGIApp:
    limits = Limits(body_bytes=settings.max_body_bytes, unpacked_bytes=settings.max_unpacked_bytes)
    began_s = time.monotonic()
    stores = parts.stores
    deps = Deps(
        events=stores.events,
        traces=stores.traces,
        findings=stores.findings,
        baselines=stores.baselines,
        queue=stores.queue,
        bus=parts.bus,
        cache=MemoryCache(),
        version=version("raceway-cli"),
        started_ns=time.time_ns(),
        uptime_s=lambda: time.monotonic() - began_s,
        credentials=Credentials(settings.key) if settings.key is not None else None,
        options=settings.options,
    )
    handlers: list[ControllerRouterHandler] = [
        *ingest_routes(parts.bus, limits=limits, on_batch=parts.courtesy.note_batch),
        *api_routes(deps),
        *health_routes(
            {"bus": parts.bus.check, "database": stores.traces.totals}, version=version("raceway-cli")
        ),
    ]
    return web_app(
        handlers,
        host=settings.host,
        api_key=settings.key,
        allowed_hosts=settings.allowed_hosts,
        openapi=openapi_config(deps.version),
    )
