"""Clock offsets as JSON: every key always there, nanoseconds as decimal strings, null where unbounded."""

from __future__ import annotations

import msgspec

from raceway_core.clock_offset import Offset, Step
from raceway_core.event import EventId, TraceId


class OffsetView(msgspec.Struct, frozen=True, kw_only=True):
    """What must be added to a host's stamps to have its reference's time: from low to high."""

    host: str
    reference: str
    low_ns: str | None
    high_ns: str | None
    from_ns: str
    until_ns: str


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A clock of one of `hosts` was set by at least `least_ns`; the event is the first that shows it."""

    hosts: tuple[str, ...]
    time_ns: str
    least_ns: str
    trace_id: TraceId
    event_id: EventId


def view_offset(offset: Offset) -> OffsetView:
    """Return `offset` for a reader."""
    return OffsetView(
        host=offset.host,
        reference=offset.reference,
        low_ns=None if offset.low_ns is None else str(offset.low_ns),
        high_ns=None if offset.high_ns is None else str(offset.high_ns),
        from_ns=str(offset.from_ns),
        until_ns=str(offset.until_ns),
    )


def view_step(step: Step) -> StepView:
    """Return `step` for a reader."""
    return StepView(
        hosts=step.hosts,
        time_ns=str(step.at_ns),
        least_ns=str(step.least_ns),
        trace_id=step.message.trace_id,
        event_id=step.message.event_id,
    )
