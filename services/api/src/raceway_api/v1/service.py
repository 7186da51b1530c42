"""Services and their graph for `/api/v1/services`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from raceway_api.cursor import write_cursor
from raceway_common.ports.trace_store import ServiceCalls, ServiceRow, SharedVariables
from raceway_core.result import Link
from raceway_core.service_graph import order_of
from raceway_core.time import format_time

SHARED = "shared-variable"

_KINDS: Mapping[Link, str] = {
    Link.HTTP: "http",
    Link.GRPC: "grpc",
    Link.MESSAGE: "queue",
    Link.DATABASE: "database",
    Link.CUSTOM: "custom",
}


class ServiceCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last service of a page."""

    name: str


class ServiceItem(msgspec.Struct, frozen=True, kw_only=True):
    """A service. `last_activity` is when the last trace that it took part in ended."""

    name: str
    event_count: int
    trace_count: int
    last_activity: str
    last_ns: str


class ServiceList(msgspec.Struct, frozen=True):
    """A page of services by name; `next_cursor` is null on the last page."""

    services: list[ServiceItem]
    next_cursor: str | None


class CallItem(msgspec.Struct, frozen=True, kw_only=True):
    """One service calls another. `calls` are by kind: http, grpc, queue, database or custom."""

    caller: str
    callee: str
    call_count: int
    trace_count: int
    calls: dict[str, int]


class ServiceDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A service with its neighbours, the busiest first, at most a thousand of each."""

    service: ServiceItem
    calls_to: list[CallItem]
    called_by: list[CallItem]


class NodeItem(msgspec.Struct, frozen=True, kw_only=True):
    """A service. `level` is the longest way of calls that leads to it, 0 where none does."""

    service: ServiceItem
    level: int


class SharedItem(msgspec.Struct, frozen=True, kw_only=True):
    """Two services touch the same variables, which is no call: it has no direction."""

    first: str
    second: str
    kind: str
    variable_count: int


class GraphView(msgspec.Struct, frozen=True, kw_only=True):
    """Services, calls between them, and the variables that they share.

    `cycles` are the services that call one another in a circle. `total_links` counts all pairs of
    services for each kind of call; `calls` has the thousand busiest pairs.
    """

    nodes: list[NodeItem]
    calls: list[CallItem]
    shared: list[SharedItem]
    cycles: list[list[str]]
    total_links: int


def view_service(row: ServiceRow) -> ServiceItem:
    """Return one service."""
    return ServiceItem(
        name=row.name,
        event_count=row.event_count,
        trace_count=row.trace_count,
        last_activity=format_time(row.last_ns),
        last_ns=str(row.last_ns),
    )


def view_services(rows: Sequence[ServiceRow], *, limit: int, after: ServiceCursor | None) -> ServiceList:
    """Return a page of services, which stand by name."""
    left = [row for row in rows if after is None or row.name > after.name]
    shown = left[:limit]
    cursor = write_cursor(ServiceCursor(shown[-1].name)) if len(left) > limit else None
    return ServiceList([view_service(row) for row in shown], cursor)


def view_call(pair: ServiceCalls) -> CallItem:
    """Return the calls of one service to another."""
    return CallItem(
        caller=pair.caller,
        callee=pair.callee,
        call_count=pair.count,
        trace_count=pair.trace_count,
        calls={_KINDS[link]: count for link, count in pair.by_link.items()},
    )


def view_graph(
    services: Sequence[ServiceRow],
    pairs: Sequence[ServiceCalls],
    total: int,
    shared: Sequence[SharedVariables],
) -> GraphView:
    """Return the graph of services; nodes stand by level, then by name."""
    order = order_of((row.name for row in services), ((pair.caller, pair.callee) for pair in pairs))
    by_level = sorted(services, key=lambda row: (order.level[row.name], row.name))
    return GraphView(
        nodes=[NodeItem(service=view_service(row), level=order.level[row.name]) for row in by_level],
        calls=[view_call(pair) for pair in pairs],
        shared=[
            SharedItem(first=pair.first, second=pair.second, kind=SHARED, variable_count=pair.count)
            for pair in shared
        ],
        cycles=[list(cycle) for cycle in order.cycles],
        total_links=total,
    )
