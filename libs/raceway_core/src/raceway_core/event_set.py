"""The set of events of a trace: one event per id, whatever arrived how often and in what order.

Of several events with one id and different content the one with the smallest hash of its canonical
encoding counts. Any rule would do that does not look at the order of arrival; this one also gives
nobody a reason to prefer a place in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from raceway_core.event import Event, EventId

_canonical = msgspec.msgpack.Encoder(order="deterministic")


class EventSet(NamedTuple):
    """Distinct events by recording time, then by id. `times_ns` are their recording times.

    `conflicts` is how many ids came with conflicting content.
    """

    events: list[Event]
    times_ns: list[int]
    conflicts: int


def distinct(events: Sequence[Event]) -> EventSet:
    """Return one event per id. Time: O(n log n)."""
    chosen: dict[EventId, Event] = {}
    rivals: dict[EventId, list[Event]] = {}
    for event in events:
        first = chosen.setdefault(event.id, event)
        if first is not event and first != event:
            rivals.setdefault(event.id, [first]).append(event)
    for event_id, group in rivals.items():
        chosen[event_id] = min(group, key=_content_hash)
    # Ids differ, so no two events are ever compared.
    ordered = sorted([(event.time_ns, event.id, event) for event in chosen.values()])
    return EventSet([event for _, _, event in ordered], [time_ns for time_ns, _, _ in ordered], len(rivals))


def _content_hash(event: Event) -> bytes:
    return blake2b(_canonical.encode(event), digest_size=16).digest()
