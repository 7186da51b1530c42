"""Audit trails in the original's shape."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_core.event import AccessType, EventId, JsonValue, TraceId
from raceway_core.result import AuditEntry, AuditTrail
from raceway_core.time import format_time


class AccessView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One access. A value that is not known is null; `edge` says what links it to the previous one."""

    event_id: EventId
    timestamp: str
    thread_id: str
    task: str
    service_name: str
    access_type: AccessType
    old_value: JsonValue
    new_value: JsonValue
    location: str
    has_causal_link_to_previous: bool
    is_race: bool
    edge: str
    follows: bool


class AuditTrailView(msgspec.Struct, frozen=True):
    trace_id: TraceId
    variable: str
    accesses: list[AccessView]


def view_trails(trails: Sequence[AuditTrail]) -> dict[str, list[AccessView]]:
    """Return the accesses by variable; trails of one name in several scopes stand after each other."""
    views: dict[str, list[AccessView]] = {}
    for trail in trails:
        views.setdefault(trail.variable, []).extend(view_accesses(trail))
    return views


def view_accesses(trail: AuditTrail) -> list[AccessView]:
    """Return the accesses of one trail; the first has nothing before it that it could miss."""
    return [_view(entry, is_first=number == 0) for number, entry in enumerate(trail.entries)]


def _view(entry: AuditEntry, *, is_first: bool) -> AccessView:
    return AccessView(
        event_id=entry.event_id,
        timestamp=format_time(entry.time_ns),
        thread_id=entry.thread_id,
        task=entry.task,
        service_name=entry.service,
        access_type=entry.access_type,
        old_value=None if entry.old_value is msgspec.UNSET else entry.old_value,
        new_value=None if entry.new_value is msgspec.UNSET else entry.new_value,
        location=entry.location,
        has_causal_link_to_previous=is_first or entry.linked,
        is_race=entry.is_race,
        edge=entry.edge,
        follows=entry.follows,
    )
