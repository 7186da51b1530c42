"""Events of a trace whose tasks all run in one process."""

from __future__ import annotations

from raceway_core.event import Event, EventId, Metadata, Payload, TraceId, kind_of

_NS = 1_000


def task_event(number: int, task: str, payload: Payload, *locks: str) -> Event:
    """Return the event `number`, a microsecond after the one before, recorded by `task` holding `locks`."""
    return Event(
        id=EventId(f"event-{number}"),
        trace_id=TraceId("bench"),
        timestamp=number * _NS,
        kind=kind_of(payload),
        metadata=Metadata(
            thread_id="thread-1", process_id=1, service_name="worker", instance_id="one", task_id=task
        ),
        lock_set=locks,
    )
