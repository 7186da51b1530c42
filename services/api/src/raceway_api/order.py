"""The order in which a trace's events are shown, and which parents can be shown with them.

Clocks of threads and hosts disagree, so time alone may put a child before its parent. Events are
therefore listed parents first, else by recording time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from raceway_core.event import Event, EventId
from raceway_core.event_set import distinct
from raceway_core.graph.parent_order import parents_first

_NONE = -1


class OrderedEvents(NamedTuple):
    """Distinct events, each after its parent. `parents` leaves out what is missing or closes a cycle."""

    events: Sequence[Event]
    parents: Sequence[EventId | None]


def ordered(events: Sequence[Event]) -> OrderedEvents:
    """Return the events of one trace as a reader should see them. Time: O(n log n)."""
    unique = distinct(events).events
    number_of = {event.id: number for number, event in enumerate(unique)}
    parents = [number_of.get(event.parent_id, _NONE) if event.parent_id else _NONE for event in unique]
    listed = [unique[number] for number in parents_first(parents)]
    seen: set[EventId] = set()
    shown: list[EventId | None] = []
    for event in listed:
        shown.append(event.parent_id if event.parent_id in seen else None)
        seen.add(event.id)
    return OrderedEvents(listed, shown)
