"""The ingest service of the suite: HTTP in front, JetStream behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import anyio
import structlog
from litestar.types import ASGIApp

from raceway_common.adapters.jetstream_bus import open_jetstream_bus
from raceway_common.adapters.jetstream_bus.streams import Layout
from raceway_common.collector import settle_gc
from raceway_common.ports.bus import BusWriter
from raceway_common.process import run_until_stopped
from raceway_common.settings import Settings
from raceway_common.telemetry import configure_logging
from raceway_common.web.app import web_app
from raceway_common.web.health import health_routes
from raceway_common.web.host import refuse_exposed
from raceway_common.web.server import serve
from raceway_ingest.body import Limits
from raceway_ingest.routes import ingest_routes

log = structlog.get_logger()


def run(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way. `announce` hears when it listens.

    Raises:
        Rejected: The settings do not allow it; the message says which.
        Retryable: The bus cannot be reached.
    """
    configure_logging("ingest", form=settings.log_format, level=settings.log_level)
    refuse_exposed(settings.host, api_key=settings.key, insecure=settings.insecure)
    run_until_stopped(partial(_serve, settings, announce))


async def _serve(settings: Settings, announce: Callable[[str], None]) -> None:
    layout = Layout(name=settings.bus_name, max_bytes=settings.bus_max_bytes, replicas=settings.bus_replicas)
    async with open_jetstream_bus(settings.nats_url, layout) as bus, anyio.create_task_group() as group:
        address = await group.start(serve, _app(settings, bus), settings.host, settings.port)
        settle_gc()
        log.info("ingest_started", url=address.url)
        announce(f"ingest listening on {address.url}")


def _app(settings: Settings, bus: BusWriter) -> ASGIApp:
    limits = Limits(body_bytes=settings.max_body_bytes, unpacked_bytes=settings.max_unpacked_bytes)
    health = health_routes({"bus": bus.check}, version=version("raceway-ingest"))
    return web_app(
        [*ingest_routes(bus, limits=limits), *health],
        host=settings.host,
        api_key=settings.key,
        allowed_hosts=settings.allowed_hosts,
    )
