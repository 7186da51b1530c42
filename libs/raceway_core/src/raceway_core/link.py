"""By what services reach one another, as far as an event of either side tells it."""

from __future__ import annotations

from raceway_core.event import DatabaseQuery, HttpRequest, MessageReceive, MessageSend
from raceway_core.graph.payloads import Payloads
from raceway_core.result import Link

_GRPC_TYPE = "application/grpc"


def links_sent(payloads: Payloads) -> dict[int, Link]:
    """Return for each event that may reach another service by what it does. Time: O(such events)."""
    links = {event: link_of(request) for event, request in payloads.of(HttpRequest)}
    links |= dict.fromkeys(payloads.numbers(MessageSend), Link.MESSAGE)
    links |= dict.fromkeys(payloads.numbers(DatabaseQuery), Link.DATABASE)
    return links


def links_received(payloads: Payloads) -> dict[int, Link]:
    """Return for each event that may be a service's first by what it was reached."""
    links = {event: link_of(request) for event, request in payloads.of(HttpRequest)}
    links |= dict.fromkeys(payloads.numbers(MessageReceive), Link.MESSAGE)
    return links


def link_of(request: HttpRequest) -> Link:
    """Return gRPC for what says that its body is gRPC's (`application/grpc`, `application/grpc+proto`)."""
    for name, value in (request.headers or {}).items():
        if name.lower() == "content-type" and isinstance(value, str):
            return Link.GRPC if value.lower().startswith(_GRPC_TYPE) else Link.HTTP
    return Link.HTTP
