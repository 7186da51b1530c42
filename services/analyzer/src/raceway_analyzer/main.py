"""The analyzer of the suite: JetStream in front, Postgres behind. Any number of replicas."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable
from functools import partial

import anyio

from raceway_analyzer import worker
from raceway_analyzer.stores import Stores
from raceway_common.adapters.jetstream_bus import open_jetstream_bus
from raceway_common.adapters.jetstream_bus.streams import Layout
from raceway_common.adapters.sql.stores import sql_stores
from raceway_common.collector import settle_gc
from raceway_common.database.database import open_database
from raceway_common.process import run_until_stopped
from raceway_common.schema.migrate import check_schema
from raceway_common.settings import Settings
from raceway_common.telemetry import configure_logging
from raceway_core.errors import Rejected


def run(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Store and analyze until SIGINT or SIGTERM. `announce` hears when it takes messages.

    Raises:
        Rejected: The settings do not allow it, or the database is not migrated.
        Retryable: The database or the bus cannot be reached.
    """
    configure_logging("analyzer", form=settings.log_format, level=settings.log_level)
    if settings.database_url.startswith("sqlite"):
        raise Rejected(
            "database_url: the suite shares its database, so it needs postgresql://, not sqlite://"
        )
    run_until_stopped(partial(_work, settings, announce))


async def _work(settings: Settings, announce: Callable[[str], None]) -> None:
    layout = Layout(name=settings.bus_name, max_bytes=settings.bus_max_bytes, replicas=settings.bus_replicas)
    async with (
        open_database(settings.database_url) as database,
        open_jetstream_bus(settings.nats_url, layout) as bus,
        anyio.create_task_group() as group,
    ):
        await check_schema(database)
        stores = Stores(*sql_stores(database, pace=settings.pace, lease_ns=settings.lease_ns)[:4])
        await group.start(partial(worker.run, bus, stores, _plan(settings), now_ns=time.time_ns))
        settle_gc()
        announce("analyzer running")


def _plan(settings: Settings) -> worker.Plan:
    return worker.Plan(
        owner=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
        workers=settings.worker_count,
        claim_size=settings.claim_size,
        options=settings.options,
    )
