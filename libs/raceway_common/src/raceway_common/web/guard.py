"""The door of every service: who may come in, and what every answer says to a browser.

With an API key every request must carry it, except to the routes of `OPEN_PATHS`. Without one the
server answers only requests that are meant for it and no page of another site sent (`web.host`).
There is no CORS, so that a page of another site cannot read an answer either.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from raceway_common.web.answer import error_body
from raceway_common.web.host import HostRule

OPEN_PATHS = frozenset({"/livez", "/readyz", "/version"})

Headers = Sequence[tuple[bytes, bytes]]

_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """ASGI middleware; answers 401 or 403 itself, and HEAD wherever `app` answers GET."""

    def __init__(self, app: ASGIApp, *, api_key: str | None, hosts: HostRule) -> None:
        self._app = app
        self._key = _digest(api_key.encode()) if api_key is not None else None
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_request = scope["type"] in (ScopeType.HTTP, ScopeType.WEBSOCKET)  # else it is the lifespan
        if not is_request:
            await self._app(scope, receive, send)
        elif refused := self._refusal(scope["path"], list(scope["headers"])):
            await _refuse(scope, send, *refused)
        else:
            await self._app(_head_as_get(scope), receive, _with_headers(send))

    def _refusal(self, path: str, headers: Headers) -> tuple[int, str] | None:
        if self._key is not None:
            return None if path in OPEN_PATHS else self._key_refusal(headers)
        sent = {name: value.decode("latin-1") for name, value in headers if name in _LOOKED_AT}
        is_navigation = sent.get(b"sec-fetch-mode") == "navigate"
        site = None if is_navigation else sent.get(b"sec-fetch-site")
        reason = self._hosts.refusal(sent.get(b"host"), sent.get(b"origin"), site)
        return (403, reason) if reason else None

    def _key_refusal(self, headers: Headers) -> tuple[int, str] | None:
        keys = _keys_in(headers)
        if not keys:
            return 401, "an API key is required: Authorization: Bearer <key>, or X-Raceway-Key: <key>"
        if any(compare_digest(_digest(key), self._key or b"") for key in keys):
            return None
        return 401, "the API key is not valid"


_LOOKED_AT = frozenset({b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode"})


def _digest(key: bytes) -> bytes:
    """Return a value of fixed length, so that comparing tells nothing about the key's length."""
    return sha256(key).digest()


def _keys_in(headers: Headers) -> list[bytes]:
    keys = [value.strip() for name, value in headers if name == b"x-raceway-key"]
    for name, value in headers:
        scheme, _, token = value.strip().partition(b" ")
        if name == b"authorization" and scheme.lower() == b"bearer":
            keys.append(token.strip())
    return keys


def _head_as_get(scope: Scope) -> Scope:
    if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD":
        return cast("Scope", {**scope, "method": "GET"})  # the server leaves the body out by itself
    return scope


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_ALWAYS]
        await send(message)

    return send_with_headers


async def _refuse(scope: Scope, send: Send, status: int, message: str) -> None:
    if scope["type"] == ScopeType.WEBSOCKET:
        await send({"type": "websocket.close", "code": 1008, "reason": message[:120]})
        return
    body, media_type = error_body(scope["path"], status, message)
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        *([(b"www-authenticate", b"Bearer")] if status == 401 else []),
        *_ALWAYS,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
