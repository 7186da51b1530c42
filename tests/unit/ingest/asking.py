"""The routes of ingest behind the shared web code, asked without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from tests.unit.ingest.bus import WaywardBus

from raceway_common.ports.bus import BusWriter
from raceway_common.web.app import web_app
from raceway_core.batch import decode_events, decode_message
from raceway_core.event import Event
from raceway_ingest.body import Limits
from raceway_ingest.routes import ingest_routes


@asynccontextmanager
async def desk(bus: BusWriter, limits: Limits | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of ingest over `bus`."""
    app = web_app(ingest_routes(bus, limits=limits or Limits()), host="127.0.0.1", api_key=None)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # httpx types ASGI less strictly
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


def held_events(bus: WaywardBus) -> list[Event]:
    """Return the events that the bus holds, in the order of their ids."""
    messages = map(decode_message, bus.held.values())
    events = decode_events(each.events for message in messages for each in message.slices)
    return sorted(events, key=lambda event: event.id)
