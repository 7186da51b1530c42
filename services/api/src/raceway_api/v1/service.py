"""Services and their graph for `/api/v1/services`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from raceway_api.cursor import write_cursor
from raceway_common.ports.trace_store import (
    CallMeasures,
    ServiceCalls,
    ServiceRow,
    SharedVariables,
    TraceStore,
)
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.result import Link
from raceway_core.service_graph import order_of
from raceway_core.time import format_time

SHARED = "shared-variable"
_NS_PER_MS = 1_000_000

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
    """One service calls another. `calls` are by kind: http, grpc, queue, database or custom.

    `error_rate` is the share that failed of those whose end is known. Quantiles of the durations, exact
    to 1 %, are those of the `measured` calls. Both are null where nothing is known.
    """

    caller: str
    callee: str
    call_count: int
    trace_count: int
    calls: dict[str, int]
    error_rate: float | None
    measured: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


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


async def read_calls(traces: TraceStore, pairs: Sequence[ServiceCalls]) -> list[CallItem]:
    """Return calls with what was measured of them."""
    measures = await traces.call_measures([(pair.caller, pair.callee) for pair in pairs])
    return [_view_call(pair, measured) for pair, measured in zip(pairs, measures, strict=True)]


def _view_call(pair: ServiceCalls, measures: CallMeasures) -> CallItem:
    durations = Sketch(measures.buckets)
    p50_ms, p95_ms, p99_ms = (_quantile_ms(durations, q) for q in (0.5, 0.95, 0.99))
    return CallItem(
        caller=pair.caller,
        callee=pair.callee,
        call_count=pair.count,
        trace_count=pair.trace_count,
        calls={_KINDS[link]: count for link, count in pair.by_link.items()},
        error_rate=measures.failed / measures.told if measures.told else None,
        measured=durations.total,
        p50_ms=p50_ms,
        p95_ms=p95_ms,
        p99_ms=p99_ms,
    )


def _quantile_ms(durations: Sketch, q: float) -> float | None:
    return round(value_of(durations.quantile(q)) / _NS_PER_MS, 6) if durations.total else None


def view_graph(
    services: Sequence[ServiceRow], calls: list[CallItem], total: int, shared: Sequence[SharedVariables]
) -> GraphView:
    """Return the graph of services; nodes stand by level, then by name."""
    order = order_of((row.name for row in services), ((call.caller, call.callee) for call in calls))
    by_level = sorted(services, key=lambda row: (order.level[row.name], row.name))
    return GraphView(
        nodes=[NodeItem(service=view_service(row), level=order.level[row.name]) for row in by_level],
        calls=calls,
        shared=[
            SharedItem(first=pair.first, second=pair.second, kind=SHARED, variable_count=pair.count)
            for pair in shared
        ],
        cycles=[list(cycle) for cycle in order.cycles],
        total_links=total,
    )
