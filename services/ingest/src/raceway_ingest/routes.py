"""`POST /events`: read, take in, publish, and only then answer.

The route is plain ASGI inside Litestar: what Litestar's request and response objects cost for each
batch is as much as decoding it.
"""

from __future__ import annotations

from collections.abc import Callable

from litestar import asgi
from litestar.enums import ScopeType
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from raceway_common.ports.bus import BusWriter
from raceway_ingest.answer import answer_of
from raceway_ingest.body import Limits
from raceway_ingest.desk import IntakeDesk, Sent


def _nothing() -> None:
    pass


_LOOKED_AT = (b"content-type", b"content-encoding", b"content-length")


def ingest_routes(
    bus: BusWriter, *, limits: Limits, key_id: str = "", on_batch: Callable[[], None] = _nothing
) -> list[ASGIRouteHandler]:
    """Return the routes that take events in.

    `key_id` tells the batches of different keys apart; `on_batch` hears of each that arrives.
    """
    desk = IntakeDesk(bus, limits, key_id)

    @asgi("/events", copy_scope=False)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST":
            raise MethodNotAllowedException(headers={"Allow": "POST"})
        on_batch()
        status, body = answer_of(await desk.take(_sent(scope, receive)))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return [events]


def _sent(scope: Scope, receive: Receive) -> Sent:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _LOOKED_AT}
    content_type, encoding, length = (headers.get(name, "") for name in _LOOKED_AT)
    return Sent(content_type, encoding, length, receive)
