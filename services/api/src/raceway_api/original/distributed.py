"""Calls between services in the original's shape."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_common.ports.trace_store import ServiceCalls

MOST_PAIRS = 1000
"""Callers and callees are names that clients send: there may be any number of them."""


class EdgeView(msgspec.Struct, frozen=True, kw_only=True):
    """How often one service called another by one kind of link."""

    from_service: str
    to_service: str
    link_type: str
    call_count: int


class EdgesView(msgspec.Struct, frozen=True):
    """`total_edges` counts all; `edges` has those of the thousand busiest pairs of services."""

    total_edges: int
    edges: list[EdgeView]


class NeighbourView(msgspec.Struct, frozen=True, kw_only=True):
    """The other service of a call, called `to` even where it is the caller."""

    to: str
    total_calls: int
    trace_count: int


class NeighboursView(msgspec.Struct, frozen=True, kw_only=True):
    """The busiest first, at most a thousand of each."""

    service_name: str
    calls_to: list[NeighbourView]
    called_by: list[NeighbourView]


def view_edges(pairs: Sequence[ServiceCalls], total: int) -> EdgesView:
    """Return the edges of pairs of services, those of one pair one after another."""
    edges = [
        EdgeView(from_service=pair.caller, to_service=pair.callee, link_type=link.value, call_count=count)
        for pair in pairs
        for link, count in pair.by_link.items()
    ]
    return EdgesView(total, edges)


def view_neighbours(
    service: str, called: Sequence[ServiceCalls], callers: Sequence[ServiceCalls]
) -> NeighboursView:
    """Return whom a service calls and who calls it."""
    return NeighboursView(
        service_name=service,
        calls_to=[_neighbour(pair.callee, pair) for pair in called],
        called_by=[_neighbour(pair.caller, pair) for pair in callers],
    )


def _neighbour(name: str, pair: ServiceCalls) -> NeighbourView:
    return NeighbourView(to=name, total_calls=pair.count, trace_count=pair.trace_count)
