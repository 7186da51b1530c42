"""Where the frameworks and servers take a request, so that an application needs no line for it.

A request that comes through two of these places is recorded once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from raceway.asgi import AsgiMiddleware, Receive, Scope, Send, serve_asgi
from raceway.import_hook import Action, when_imported
from raceway.patch import Function, Patches
from raceway.record import describe_failure, record
from raceway.wsgi import Environ, StartResponse, WsgiApp, WsgiMiddleware, serve_wsgi


def patch_frameworks(patches: Patches) -> None:
    """Record the requests of every framework and server that is imported, now or later."""
    actions: dict[str, Action] = {
        "flask.app": lambda module: _patch_flask(patches, module),
        "django.core.handlers.wsgi": lambda module: patches.wrap(module.WSGIHandler, "__call__", _wsgi),
        "django.core.handlers.asgi": lambda module: patches.wrap(module.ASGIHandler, "__call__", _asgi),
        "starlette.applications": lambda module: patches.wrap(module.Starlette, "__call__", _asgi),
        "litestar.app": lambda module: patches.wrap(module.Litestar, "__call__", _asgi),
        "quart.app": lambda module: patches.wrap(module.Quart, "__call__", _asgi),
        "wsgiref.simple_server": lambda module: patches.wrap(module.WSGIServer, "set_app", _set_wsgi_app),
        "werkzeug.serving": lambda module: patches.wrap(module.BaseWSGIServer, "__init__", _new_werkzeug),
        "uvicorn.config": lambda module: patches.wrap(module.Config, "load", _load_uvicorn),
    }
    patches.on_undo(when_imported(actions))


def _patch_flask(patches: Patches, module: ModuleType) -> None:
    patches.wrap(module.Flask, "__call__", _wsgi)
    patches.wrap(module.Flask, "log_exception", _log_exception)


def _wsgi(original: Function) -> Function:
    def call(app: object, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def handle(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            body: Iterable[bytes] = original(app, environ, start_response)
            return body

        return serve_wsgi(handle, environ, start_response)

    return call


def _asgi(original: Function) -> Function:
    async def call(app: object, scope: Scope, receive: Receive, send: Send) -> None:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            await original(app, scope, receive, send)

        await serve_asgi(handle, scope, receive, send)

    return call


def _log_exception(original: Function) -> Function:
    """Flask answers 500 itself, so the error would never pass the middleware."""

    def log_exception(app: object, exc_info: object) -> object:
        error = sys.exception()
        if error is not None:
            record("Error", describe_failure(error))
        return original(app, exc_info)

    return log_exception


def _set_wsgi_app(original: Function) -> Function:
    return lambda server, application: original(server, WsgiMiddleware(application))


def _new_werkzeug(original: Function) -> Function:
    def init(server: object, host: str, port: int, app: WsgiApp, *args: object, **options: object) -> None:
        original(server, host, port, WsgiMiddleware(app), *args, **options)

    return init


def _load_uvicorn(original: Function) -> Function:
    def load(config: Any) -> None:
        original(config)
        config.loaded_app = AsgiMiddleware(config.loaded_app)

    return load
