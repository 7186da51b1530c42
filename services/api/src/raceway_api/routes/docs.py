"""`/openapi.json`, and `/docs`: a page to read and try the API, which needs no other server.

The page is Swagger UI, out of an installed package. Its content security policy lets a browser load
nothing from anywhere else.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec
from litestar import MediaType, Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme
from litestar.params import FromPath

from raceway_api.answer import answer
from raceway_api.routes.events_document import with_events
from raceway_common.errors import NotFound
from raceway_common.web.credentials import COOKIE
from raceway_common.web.error import AnyRequest

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Raceway API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null, tryItOutEnabled: true,
});
"""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def openapi_config(version: str) -> OpenAPIConfig:
    """Return the description of the API, for the application that serves `routes`."""
    keys: dict[str, SecurityScheme | Reference] = {
        "bearer": SecurityScheme(type="http", scheme="bearer"),
        "header": SecurityScheme(type="apiKey", name="X-Raceway-Key", security_scheme_in="header"),
        "session": SecurityScheme(type="apiKey", name=COOKIE, security_scheme_in="cookie"),
    }
    return OpenAPIConfig(
        title="Raceway",
        version=version,
        description="What raced with what, why, and what it cost. A key is needed when one is configured.",
        components=Components(security_schemes=keys),
        security=[{"bearer": []}, {"header": []}, {"session": []}, {}],
        path="/openapi",
        render_plugins=[JsonRenderPlugin()],
    )


@get("/openapi.json", include_in_schema=False)
async def get_openapi(request: AnyRequest) -> Response[bytes]:
    return answer(request, msgspec.json.encode(with_events(request.app.openapi_schema.to_schema())))


@get("/docs", include_in_schema=False, media_type=MediaType.HTML)
async def get_docs() -> Response[str]:
    return Response(_PAGE, media_type=MediaType.HTML, headers={"Content-Security-Policy": _POLICY})


@get("/docs/{name:str}", include_in_schema=False)
async def get_docs_file(name: FromPath[str]) -> Response[bytes]:
    if name == "start.js":
        return Response(_START.encode(), media_type="text/javascript")
    if name not in _ASSETS:
        raise NotFound(f"/docs has no file {name[:60]!r}")
    return Response(_asset(name), media_type=_ASSETS[name], headers={"Cache-Control": "max-age=86400"})


@cache
def _asset(name: FromPath[str]) -> bytes:
    vendor = files("swagger_ui_bundle") / "vendor"
    folder = next(entry for entry in vendor.iterdir() if entry.name.startswith("swagger-ui-"))
    return (folder / name).read_bytes()


HANDLERS = (get_openapi, get_docs, get_docs_file)
