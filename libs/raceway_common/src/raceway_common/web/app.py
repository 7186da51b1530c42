"""One web application out of the route handlers of one service, or of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler

from raceway_common.web.error import ERROR_HANDLERS
from raceway_common.web.guard import Guard
from raceway_common.web.host import HostRule
from raceway_common.web.path import WholeNames


def web_app(
    handlers: Sequence[ControllerRouterHandler],
    *,
    host: str,
    api_key: str | None,
    allowed_hosts: Iterable[str] = (),
    openapi: OpenAPIConfig | None = None,
) -> ASGIApp:
    """Return the application that serves `handlers` on `host`, guarded, with errors as JSON.

    `host` is the address that it will listen on; see `web.host.refuse_exposed`.
    """
    app = Litestar(
        route_handlers=handlers,
        openapi_config=openapi,
        exception_handlers=ERROR_HANDLERS,
        logging_config=None,
        debug=False,
    )
    return Guard(WholeNames(app), api_key=api_key, hosts=HostRule(host, allowed_hosts))
