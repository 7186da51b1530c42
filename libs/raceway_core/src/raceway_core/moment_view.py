"""A moment as JSON: what the API answers and the CLI prints. Nanoseconds are decimal strings."""

from __future__ import annotations

import msgspec

from raceway_core.event import EventId
from raceway_core.moment import Moment, Phase
from raceway_core.time import format_time


class MomentView(msgspec.Struct, frozen=True, kw_only=True):
    """An event, or the start or the end of one that lasts. `what` says in words what happened."""

    event_id: EventId
    phase: Phase
    kind: str
    what: str
    service: str
    thread_id: str
    task_id: str | None
    location: str
    timestamp: str
    time_ns: str


def view_moment(moment: Moment) -> MomentView:
    """Return a moment for a reader."""
    return MomentView(
        event_id=moment.event_id,
        phase=moment.phase,
        kind=moment.kind,
        what=moment.what,
        service=moment.service,
        thread_id=moment.thread_id,
        task_id=moment.task_id,
        location=moment.location,
        timestamp=format_time(moment.time_ns),
        time_ns=str(moment.time_ns),
    )
