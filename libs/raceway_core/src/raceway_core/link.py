"""By what one service reaches another, as far as one event of either side tells it."""

from __future__ import annotations

from raceway_core.event import DatabaseQuery, HttpRequest, MessageReceive, MessageSend, Payload
from raceway_core.result import Link

_GRPC_TYPE = "application/grpc"


def sent_by(payload: Payload) -> Link | None:
    """Return the link that this event of a caller uses; None where it is no step to another service."""
    match payload:
        case HttpRequest():
            return Link.GRPC if _is_grpc(payload) else Link.HTTP
        case MessageSend():
            return Link.MESSAGE
        case DatabaseQuery():
            return Link.DATABASE
        case _:
            return None


def received_by(payload: Payload) -> Link | None:
    """Return the link by which this first event of a callee came; None where it does not tell."""
    match payload:
        case HttpRequest():
            return Link.GRPC if _is_grpc(payload) else Link.HTTP
        case MessageReceive():
            return Link.MESSAGE
        case _:
            return None


def _is_grpc(request: HttpRequest) -> bool:
    """Whether a request says that its body is gRPC's (`application/grpc`, `application/grpc+proto`)."""
    for name, value in (request.headers or {}).items():
        if name.lower() == "content-type":
            return isinstance(value, str) and value.lower().startswith(_GRPC_TYPE)
    return False
