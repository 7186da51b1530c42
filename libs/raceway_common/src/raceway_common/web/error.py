"""The one place where an error becomes an HTTP status.

`Rejected` is the client's to mend, `Retryable` ours, and safe to send again. Anything else is a
fault in Raceway: it is logged with its traceback and answered without it.
"""

from __future__ import annotations

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.types import ExceptionHandlersMap

from raceway_common.errors import NotFound, TooLarge, Unprocessable, UnsupportedMedia
from raceway_common.web.answer import error_body
from raceway_core.errors import RacewayError, Rejected, Retryable
from raceway_core.event import JsonValue

RETRY_AFTER_S = 1

_STATUS: tuple[tuple[type[RacewayError], int], ...] = (
    (NotFound, 404),
    (TooLarge, 413),
    (UnsupportedMedia, 415),
    (Unprocessable, 422),
    (Rejected, 400),
    (Retryable, 503),
)

AnyRequest = Request[JsonValue, JsonValue, JsonValue]

log = structlog.get_logger()


def status_of(error: RacewayError) -> int:
    """Return the HTTP status of `error`; the first class in the table that it belongs to decides."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def answer_raceway_error(request: AnyRequest, error: RacewayError) -> Response[bytes]:
    """Answer what Raceway raised on purpose."""
    status = status_of(error)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
    return _answer(request, status, str(error), headers)


def answer_http_error(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Answer what the framework refuses: an unknown route, a method, a parameter."""
    return _answer(request, error.status_code, _detail_of(request, error), dict(error.headers or {}))


def answer_fault(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Answer a fault of ours."""
    log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    return _answer(request, 500, "internal error; the server's log has the details", {})


ERROR_HANDLERS: ExceptionHandlersMap = {
    RacewayError: answer_raceway_error,
    HTTPException: answer_http_error,
    Exception: answer_fault,
}


def _detail_of(request: AnyRequest, error: HTTPException) -> str:
    if isinstance(error, NotFoundException):
        return f"there is no route {request.url.path}"
    if isinstance(error, MethodNotAllowedException):
        return f"{request.method} is not allowed here"
    faults = error.extra if isinstance(error.extra, list) else []
    named = [f"{fault['key']}: {fault['message']}" for fault in faults if {"key", "message"} <= fault.keys()]
    return "; ".join(named) or error.detail


def _answer(request: AnyRequest, status: int, message: str, headers: dict[str, str]) -> Response[bytes]:
    body, media_type = error_body(request.url.path, status, message)
    return Response(body, status_code=status, media_type=media_type, headers=headers)
