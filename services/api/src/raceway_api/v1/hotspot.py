"""Hotspots for `/api/v1/hotspots`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.v1.service import CallItem
from raceway_api.v1.variable import VariableItem, view_variable
from raceway_common.ports.trace_store import VariableRow


class Hotspots(msgspec.Struct, frozen=True):
    """`contended` are the variables with the most racing pairs, only those that have any."""

    contended: list[VariableItem]
    accessed: list[VariableItem]
    calls: list[CallItem]


def view_hotspots(
    raced: Sequence[VariableRow], accessed: Sequence[VariableRow], calls: list[CallItem]
) -> Hotspots:
    """Return the hotspots, in the order given."""
    return Hotspots(
        [view_variable(row) for row in raced if row.raced], [view_variable(row) for row in accessed], calls
    )
