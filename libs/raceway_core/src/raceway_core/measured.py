"""What a measurement is; `raceway_core.baseline.measurement` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from raceway_core.event import EventId, TraceId


class Operation(NamedTuple):
    """What a baseline is kept for; `kind` is the class of the event that began it."""

    service: str
    name: str
    kind: str
    status: str


class Measurement(msgspec.Struct, frozen=True, gc=False, kw_only=True, array_like=True):
    """One operation of a trace. `inside` is the number of that which it is directly inside of, or NONE.

    `event_id` is the event that tells how long it took. `critical_ns` is how much of the critical
    paths was spent on it and on what it caused. `delays`: what it is inside of waited for it.
    """

    operation: Operation
    event_id: EventId
    inside: int
    begin_ns: int
    end_ns: int
    duration_ns: int
    critical_ns: int
    host: str
    delays: bool


class TraceMeasurements(NamedTuple):
    """The operations of one trace, each after the one that it is inside of."""

    trace_id: TraceId
    measurements: Sequence[Measurement]
