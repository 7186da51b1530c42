"""ASGI middleware: one task for each HTTP request.

Source: the ASGI specification 3.0, HTTP connection scope.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from raceway.context import running
from raceway.http_server import Request, begin_request
from raceway.propagation import CLOCK
from raceway.record import describe_failure, record, report

Scope: TypeAlias = MutableMapping[str, Any]  # what a server and a framework agree on is theirs
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

SEEN = "raceway.request"


async def serve_asgi(app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Call an ASGI application for one connection, recording a request once however often it is wrapped."""
    request = _begin(scope) if scope.get("type") == "http" and SEEN not in scope else None
    if request is None:
        await app(scope, receive, send)
        return
    token = running.set(request.task)
    try:
        await app({**scope, SEEN: request}, receive, _sender_of(request, send))
        request.end()
    except BaseException as error:
        record("Error", describe_failure(error), task=request.task)
        request.end(request.status or 500)
        raise
    finally:
        running.reset(token)


def _begin(scope: Scope) -> Request | None:
    headers = {name.lower(): value for name, value in scope.get("headers", ())}

    def header(name: str) -> str | None:
        value = headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    try:
        query = scope.get("query_string", b"").decode("latin-1")
        return begin_request(scope["method"], scope["path"], query, header)
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report("a request")
        return None


def _sender_of(request: Request, send: Send) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            request.status = message["status"]
            clock = request.answer_header()
            if clock is not None:
                message = {
                    **message,
                    "headers": [*message.get("headers", ()), (CLOCK.encode(), clock.encode())],
                }
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            request.end()

    return send_on


class AsgiMiddleware:
    """An ASGI application that records the requests of another."""

    def __init__(self, app: AsgiApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve_asgi(self.app, scope, receive, send)
