"""The door of every service: who may come in, and what every answer says to a browser.

With an API key every request must carry it, or the cookie of a session (`web.credentials`), except
to the routes of `OPEN_PATHS` and to those by which a browser signs in. Since a browser sends a cookie by
itself, neither a session nor a sign-in is of use to a page of another site. Without a key the server
answers only requests that are meant for it and no page of another site sent (`web.host`).
There is no CORS, so that a page of another site cannot read an answer either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from raceway_common.web.answer import error_body
from raceway_common.web.credentials import Credentials, keys_in
from raceway_common.web.host import HostRule

OPEN_PATHS = frozenset({"/livez", "/readyz", "/version"})
SIGN_IN_PATHS = frozenset({"/auth/check", "/auth/login", "/auth/logout"})

Headers = Sequence[tuple[bytes, bytes]]

_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """ASGI middleware; answers 401 or 403 itself, and HEAD wherever `app` answers GET."""

    def __init__(self, app: ASGIApp, *, api_key: str | None, hosts: HostRule) -> None:
        self._app = app
        self._credentials = Credentials(api_key) if api_key is not None else None
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
        sent = {name: value.decode("latin-1") for name, value in headers if name in _LOOKED_AT}
        is_navigation = sent.get(b"sec-fetch-mode") == "navigate"
        site = None if is_navigation else sent.get(b"sec-fetch-site")
        source = sent.get(b"host"), sent.get(b"origin"), site
        if self._credentials is None:
            reason = self._hosts.refusal(*source)
        elif path in OPEN_PATHS or self._credentials.has_key(headers):
            return None
        elif path in SIGN_IN_PATHS or (not keys_in(headers) and self._credentials.has_session(headers)):
            reason = self._hosts.foreign(*source)
        else:
            return 401, _WRONG_KEY if keys_in(headers) else _NO_KEY
        return (403, reason) if reason else None


_LOOKED_AT = frozenset({b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode"})
_NO_KEY = "an API key is required: Authorization: Bearer <key>, or X-Raceway-Key: <key>"
_WRONG_KEY = "the API key is not valid"


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
