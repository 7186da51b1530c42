"""Paths whose parts are names: a slash that was sent encoded belongs to a name and parts nothing.

Servers decode a path before it is routed, and then `/services/a%2Fb/traces` cannot be told from
`/services/a/b/traces`. So for routing an encoded slash is left encoded, and a name is read from the path
as it was sent.
"""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import unquote

from litestar.types import ASGIApp, Receive, Scope, Send

_ENCODED = re.compile(rb"%2f", re.IGNORECASE)


class WholeNames:
    """ASGI middleware; shows `app` paths in which encoded slashes are still encoded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = scope.get("raw_path", b"")
        if isinstance(sent, bytes) and _ENCODED.search(sent):
            path = unquote(_ENCODED.sub(b"%252F", sent).decode("latin-1"))
            scope = cast("Scope", {**scope, "path": path})
        await self._app(scope, receive, send)


def name_after(raw_path: bytes, prefix: str) -> str:
    """Return the part that follows `prefix` in a path as it was sent, decoded."""
    _, _, rest = raw_path.decode("latin-1").partition(prefix)
    return unquote(rest.partition("/")[0])
