"""Events and histories under other names, and reports as plain values in which names can be put back.

What a name is put in front of keeps its order among others, so a report under `marked` names with
the marks taken away is the same report to the letter. Under `shuffled` names, ties fall otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from raceway_core.event import (
    AsyncAwait,
    AsyncSpawn,
    Event,
    EventId,
    MessagePayload,
    Payload,
    Span,
    TraceId,
    TransactionPayload,
    kind_of,
)
from raceway_core.offline import analyze_events
from raceway_core.report import report_of

MARK = "@"
"""It is in no report, and before the ~ by which chains without a name are told apart."""

_WHO = ("instance_id", "task_id", "distributed_span_id", "upstream_span_id")

Json: TypeAlias = Any
Rename: TypeAlias = Callable[[str], str]


def report(events: Sequence[Event]) -> Json:
    """Return the report of events as JSON values, with what is hidden."""
    analysis = analyze_events(events)
    whole = report_of(analysis, file_format="raceway", has_time=True, with_hidden=True)
    return msgspec.json.decode(msgspec.json.encode(whole))


def unmarked(value: Json) -> Json:
    """Return JSON values without the marks in any of their texts."""
    return msgspec.json.decode(msgspec.json.encode(value).decode().replace(MARK, ""))


def marked(events: Sequence[Event]) -> list[Event]:
    """Return the events with a mark in front of every id, task, thread, instance and trace.

    Hosts keep their names: one without is told by its service first, and the least one is the reference.
    """
    return [_event(event, lambda name: f"{MARK}{name}", _WHO) for event in events]


def shuffled(events: Sequence[Event], names: Mapping[str, str]) -> list[Event]:
    """Return the events with some of the names exchanged; not of traces, services, variables, locks, code.

    Where stamps leave two transactions in doubt their traces decide.
    """
    renamed = [_event(event, lambda name: names.get(name, name), (*_WHO, "host")) for event in events]
    return [
        msgspec.structs.replace(event, trace_id=before.trace_id)
        for event, before in zip(renamed, events, strict=True)
    ]


def _event(event: Event, rename: Rename, fields: Sequence[str]) -> Event:
    metadata = event.metadata
    given = {name: value for name in fields if (value := getattr(metadata, name)) is not None}
    if metadata.thread_id:
        given["thread_id"] = metadata.thread_id
    return msgspec.structs.replace(
        event,
        id=EventId(rename(event.id)),
        trace_id=TraceId(rename(event.trace_id)),
        parent_id=None if event.parent_id is None else EventId(rename(event.parent_id)),
        kind=kind_of(_payload(event.payload, rename)),
        metadata=msgspec.structs.replace(metadata, **{name: rename(value) for name, value in given.items()}),
        causality_vector=tuple((_component(name, rename), count) for name, count in event.causality_vector),
    )


def _component(component: str, rename: Rename) -> str:
    service, *rest = component.split("#")
    return "#".join([service, *(rename(part) if part else part for part in rest)])


def _payload(payload: Payload, rename: Rename) -> Payload:
    replace = msgspec.structs.replace
    match payload:
        case AsyncSpawn():
            return replace(payload, task_id=rename(payload.task_id))
        case AsyncAwait():
            return replace(payload, future_id=rename(payload.future_id))
        case MessagePayload():
            return replace(payload, message_id=rename(payload.message_id))
        case TransactionPayload():
            return replace(payload, transaction_id=rename(payload.transaction_id))
        case Span():
            return replace(payload, links=tuple(EventId(rename(link)) for link in payload.links))
        case _:
            return payload
