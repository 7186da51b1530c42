"""The graph of services: who stands above whom, and who calls one another in a circle.

A service's *level* is the length of the longest way by which calls reach it: 0 for those that nobody
calls. Services that call one another in a circle have no order among them; they are one *cycle* and
share a level.

Source: Tarjan 1972 (`raceway_core.component`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from raceway_core.component import components_of, members_of


class ServiceOrder(NamedTuple):
    """The level of each service, and the cycles, by name."""

    level: Mapping[str, int]
    cycles: Sequence[Sequence[str]]


def order_of(services: Iterable[str], calls: Iterable[tuple[str, str]]) -> ServiceOrder:
    """Return the order of services; `calls` are (caller, callee), and may name services beyond those.

    Time: O(s log s + calls) for s services.
    """
    pairs = {pair for pair in calls if pair[0] != pair[1]}
    names = sorted({*services, *(name for pair in pairs for name in pair)})
    number_of = {name: number for number, name in enumerate(names)}
    callees: list[list[int]] = [[] for _ in names]
    for caller, callee in sorted(pairs):
        callees[number_of[caller]].append(number_of[callee])
    component = components_of(callees)
    levels = _levels(component, callees)
    return ServiceOrder(
        level={name: levels[component[number]] for name, number in number_of.items()},
        cycles=[[names[number] for number in members] for members in members_of(component)],
    )


def _levels(component: Sequence[int], callees: Sequence[Sequence[int]]) -> list[int]:
    """Return the level of each component; the number of one is above those that it leads to."""
    levels = [0] * (max(component, default=-1) + 1)
    for number in sorted(range(len(component)), key=lambda number: -component[number]):
        mine = component[number]
        for callee in callees[number]:
            theirs = component[callee]
            if theirs != mine:
                levels[theirs] = max(levels[theirs], levels[mine] + 1)
    return levels
