"""Events as they were sent, with what the analysis knows of them in the original's places.

`lock_set` holds the names of the locks that were really held, and `causality_vector` the computed
vector clock: in traces of at most `MOST_CLOCKED_EVENTS`, because the original's graph page is cubic
in the number of comparable events. `/api/v1` has both for every trace, with modes.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from raceway_api.stored import StoredResult
from raceway_core.event import LOST_TAG, Event, EventId, HeldLock, JsonValue, Metadata, Payload, TraceId
from raceway_core.time import format_time

MOST_CLOCKED_EVENTS = 300

_WHOLE = frozenset({"line", "status", "duration_ms", "rows_affected", "version", "grant"})
_SHOWN_AS_NULL = frozenset(
    {"old_value", "new_value", "args", "return_value", "body", "stack_trace", "data", "awaited_at"}
    | {"duration_ms", "rows_affected"}
)


class MetadataView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where an event was recorded. The keys after `upstream_span_id` are there only when sent."""

    thread_id: str
    process_id: int
    service_name: str
    environment: str
    tags: dict[str, str]
    duration_ns: int | None
    instance_id: str | None
    distributed_span_id: str | None
    upstream_span_id: str | None
    task_id: str | UnsetType = UNSET
    host: str | UnsetType = UNSET
    start_ns: str | UnsetType = UNSET


class EventView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event. `original_parent_id` is there when `parent_id` is not what was sent."""

    id: EventId
    trace_id: TraceId
    parent_id: EventId | None
    timestamp: str
    kind: dict[str, dict[str, JsonValue]]
    metadata: MetadataView
    causality_vector: tuple[tuple[str, int], ...]
    lock_set: tuple[str, ...]
    original_parent_id: EventId | UnsetType = UNSET


def view_events(stored: StoredResult) -> list[EventView]:
    """Return the events of a trace in the original's shape, parents first."""
    ordered = stored.ordered
    has_clocks = len(ordered.events) <= MOST_CLOCKED_EVENTS
    return [
        _view(event, parent_id, stored.lockset(event.id), stored.clock(event.id) if has_clocks else ())
        for event, parent_id in zip(ordered.events, ordered.parents, strict=True)
    ]


def view_payload(payload: Payload) -> dict[str, JsonValue]:
    """Return the fields of a payload; one that the original always has and we do not know is null."""
    return {
        name: shown
        for name, value in msgspec.structs.asdict(payload).items()
        if (shown := _shown(name, value)) is not None or name in _SHOWN_AS_NULL
    }


def _view(
    event: Event,
    parent_id: EventId | None,
    lockset: tuple[HeldLock, ...] | None,
    clock: tuple[tuple[str, int], ...],
) -> EventView:
    payload = event.payload
    return EventView(
        id=event.id,
        trace_id=event.trace_id,
        parent_id=parent_id,
        timestamp=format_time(event.time_ns),
        kind={type(payload).__name__: view_payload(payload)},
        metadata=view_metadata(event.metadata),
        causality_vector=clock,
        lock_set=tuple(_name(lock) for lock in (event.lock_set if lockset is None else lockset)),
        original_parent_id=UNSET if event.parent_id in {parent_id, None} else event.parent_id,
    )


def view_metadata(metadata: Metadata) -> MetadataView:
    """Return where an event was recorded. What the client says of other events, lost ones, is left out."""
    tags = metadata.tags or {}
    return MetadataView(
        thread_id=metadata.thread_id,
        process_id=int(metadata.process_id),
        service_name=metadata.service_name,
        environment=metadata.environment,
        tags={name: text for name, text in tags.items() if name != LOST_TAG} if LOST_TAG in tags else tags,
        duration_ns=None if metadata.duration_ns is None else int(metadata.duration_ns),
        instance_id=metadata.instance_id,
        distributed_span_id=metadata.distributed_span_id,
        upstream_span_id=metadata.upstream_span_id,
        task_id=metadata.task_id or UNSET,
        host=metadata.host or UNSET,
        start_ns=UNSET if metadata.start_ns is None else str(metadata.start_ns),
    )


def _name(lock: str | HeldLock) -> str:
    return lock if isinstance(lock, str) else lock.id


def _shown(name: str, value: JsonValue | UnsetType) -> JsonValue:
    if value is UNSET:
        return None
    if name == "headers":
        return value or {}
    is_whole = name in _WHOLE and isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value
