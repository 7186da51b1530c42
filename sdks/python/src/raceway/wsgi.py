"""WSGI middleware: one task for each request, over the application's call and its body's iteration.

Source: PEP 3333.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TypeAlias

from raceway.context import running
from raceway.http_server import Request, begin_request
from raceway.propagation import CLOCK
from raceway.record import describe_failure, record, report
from raceway.threads import run_as

Environ: TypeAlias = dict[str, object]
ExcInfo: TypeAlias = "tuple[type[BaseException], BaseException, TracebackType | None] | None"
StartResponse: TypeAlias = Callable[..., Callable[[bytes], object]]
WsgiApp: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

SEEN = "raceway.request"


def serve_wsgi(app: WsgiApp, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Call a WSGI application for one request, recording it; once however often it is wrapped."""
    request = None if SEEN in environ else _begin(environ)
    if request is None:
        return app(environ, start_response)
    environ[SEEN] = request
    try:
        body = run_as(request.task, app, environ, _start_of(request, start_response))
    except BaseException as error:
        _fail(request, error)
        raise
    if isinstance(body, (list, tuple)):
        request.end()
        return body
    return _Body(request, body)


def _begin(environ: Environ) -> Request | None:
    def header(name: str) -> str | None:
        key = name.upper().replace("-", "_")
        value = environ.get(f"HTTP_{key}", environ.get(key))
        return value if isinstance(value, str) else None

    try:
        method = str(environ.get("REQUEST_METHOD", "GET"))
        path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
        return begin_request(method, path, str(environ.get("QUERY_STRING", "")), header)
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report("a request")
        return None


def _start_of(request: Request, start_response: StartResponse) -> StartResponse:
    def start(
        status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None
    ) -> Callable[[bytes], object]:
        code = status[:3]
        request.status = int(code) if code.isdecimal() else 0
        clock = request.answer_header()
        if clock is not None:
            headers = [*headers, (CLOCK, clock)]
        return (
            start_response(status, headers) if exc_info is None else start_response(status, headers, exc_info)
        )

    return start


def _fail(request: Request, error: BaseException) -> None:
    record("Error", describe_failure(error), task=request.task)
    request.end(500)


class _Body:
    """A response's body: its iteration is the request's work, its end or closing the request's end."""

    def __init__(self, request: Request, body: Iterable[bytes]) -> None:
        self._request = request
        self._body = body
        self._iterator: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = running.set(self._request.task)
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            return next(self._iterator)
        except StopIteration:
            self._request.end()
            raise
        except BaseException as error:
            _fail(self._request, error)
            raise
        finally:
            running.reset(token)

    def close(self) -> None:
        """Close the body and end the request."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                run_as(self._request.task, close)
        finally:
            self._request.end()


class WsgiMiddleware:
    """A WSGI application that records the requests of another."""

    def __init__(self, app: WsgiApp) -> None:
        self.app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return serve_wsgi(self.app, environ, start_response)
