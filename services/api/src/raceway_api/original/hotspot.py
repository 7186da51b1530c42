"""Hotspots in the original's shape: the most accessed variables, the most frequent calls."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_common.ports.trace_store import ServiceCalls, VariableRow

MOST_HOTSPOTS = 20


class HotVariableView(msgspec.Struct, frozen=True, kw_only=True):
    variable: str
    access_count: int
    trace_count: int
    services: list[str]


class HotCallView(msgspec.Struct, frozen=True, kw_only=True):
    from_service: str
    to_service: str
    call_count: int


class HotspotsView(msgspec.Struct, frozen=True):
    """The twenty most of each; variables of one name in several scopes are several."""

    top_variables: list[HotVariableView]
    top_service_calls: list[HotCallView]


def view_hotspots(variables: Sequence[VariableRow], pairs: Sequence[ServiceCalls]) -> HotspotsView:
    """Return the hotspots, in the order given."""
    return HotspotsView(
        [
            HotVariableView(
                variable=row.name,
                access_count=row.accesses,
                trace_count=row.trace_count,
                services=list(row.services),
            )
            for row in variables
        ],
        [
            HotCallView(from_service=pair.caller, to_service=pair.callee, call_count=pair.count)
            for pair in pairs
        ],
    )
