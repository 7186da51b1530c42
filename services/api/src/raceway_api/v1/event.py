"""Events for `/api/v1`, with the lockset and the vector clock that the analysis found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from raceway_api.cursor import write_cursor
from raceway_api.order import OrderedEvents
from raceway_api.original.event import MetadataView, view_metadata, view_payload
from raceway_api.stored import StoredResult
from raceway_core.event import Event, EventId, JsonValue, TraceId
from raceway_core.finding_view import LockView
from raceway_core.result import MOST_CLOCKS
from raceway_core.time import format_time

ShownClock: TypeAlias = tuple[tuple[str, int], ...]
"""Pairs of component and n, sorted."""


class EventItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event. `lockset` and `clock` are null while it is not analyzed.

    `parent_id` is as sent; `parent_is_known` says whether the trace has that event.
    """

    id: EventId
    parent_id: EventId | None
    parent_is_known: bool
    timestamp: str
    time_ns: str
    kind: str
    payload: dict[str, JsonValue]
    metadata: MetadataView
    lockset: tuple[LockView, ...] | None
    clock: ShownClock | None


class EventList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a trace's events, parents first, else by time. `total` counts all of them."""

    trace_id: TraceId
    as_of: int
    version: int
    total: int
    events: list[EventItem]
    next_cursor: str | None


class EventCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last event of a page, and its place, which moves when earlier events arrive late."""

    index: int
    event_id: EventId


def view_events(stored: StoredResult, after: EventCursor | None, limit: int) -> EventList:
    """Return up to `limit` events of a trace after the cursor."""
    ordered = stored.ordered
    start = start_after(ordered, after)
    window = ordered.events[start : start + limit]
    end = start + len(window)
    more = window and end < len(ordered.events)
    clocks = _clocks(stored, window)
    return EventList(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        total=len(ordered.events),
        events=[
            _view(event, stored, clocks.get(event.id), parent_is_known=parent is not None)
            for event, parent in zip(window, ordered.parents[start:end], strict=True)
        ],
        next_cursor=write_cursor(EventCursor(end - 1, window[-1].id)) if more else None,
    )


def _clocks(stored: StoredResult, window: Sequence[Event]) -> Mapping[EventId, ShownClock]:
    """Return the clocks of the events: the stored ones, or computed where the trace is too large for that."""
    if not stored.as_of:
        return {}
    if len(stored.ordered.events) > MOST_CLOCKS:
        from raceway_core.event_clock import clocks_shown  # analysis takes long to load, and few ask for it

        return clocks_shown(stored.ordered.events, [event.id for event in window])
    return {event.id: clock for event in window if (clock := stored.clock(event.id))}


def _view(
    event: Event, stored: StoredResult, clock: ShownClock | None, *, parent_is_known: bool
) -> EventItem:
    payload, lockset = event.payload, stored.lockset(event.id)
    return EventItem(
        id=event.id,
        parent_id=event.parent_id,
        parent_is_known=parent_is_known,
        timestamp=format_time(event.time_ns),
        time_ns=str(event.time_ns),
        kind=type(payload).__name__,
        payload=view_payload(payload),
        metadata=view_metadata(event.metadata),
        lockset=None if lockset is None else tuple(LockView(lock.id, lock.mode) for lock in lockset),
        clock=clock,
    )


def start_after(ordered: OrderedEvents, cursor: EventCursor | None) -> int:
    """Return the index of the first event after the cursor's; where that is gone, by its old place."""
    if cursor is None:
        return 0
    events = ordered.events
    if 0 <= cursor.index < len(events) and events[cursor.index].id == cursor.event_id:
        return cursor.index + 1
    places = (index for index, event in enumerate(events) if event.id == cursor.event_id)
    return next(places, max(cursor.index, -1)) + 1
