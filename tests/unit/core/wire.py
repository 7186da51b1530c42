"""Events as clients write them: plain JSON values, to be broken by tests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from raceway_core.batch import decode_events, decode_message
from raceway_core.intake import Form, Intake, accept

Json = dict[str, Any]

MESSAGE_BYTES = 1 << 20
TRACE = str(UUID(int=0xA000_0000_0000_4000_8000_0000_0000_0001))
CALL: Json = {
    "FunctionCall": {"function_name": "transfer", "module": "bank", "args": {}, "file": "a.py", "line": 1}
}


def event_id(number: int) -> str:
    return str(UUID(int=0xE000_0000_0000_4000_8000_0000_0000_0000 + number))


def wire_event(number: int = 1, **changes: object) -> Json:
    """Return an event as the original's SDKs send it, with `changes`; `...` leaves a field out."""
    event: Json = {
        "id": event_id(number),
        "trace_id": TRACE,
        "parent_id": None,
        "timestamp": "2026-11-24T12:00:00.123456789Z",
        "kind": CALL,
        "metadata": metadata(),
        "causality_vector": [],
        "lock_set": [],
    }
    event |= changes
    return {name: value for name, value in event.items() if value is not ...}


def metadata(**changes: object) -> Json:
    fields: Json = {
        "thread_id": "ThreadId(7)",
        "process_id": 4711,
        "service_name": "bank",
        "environment": "test",
        "tags": {},
        "duration_ns": None,
    }
    fields |= changes
    return {name: value for name, value in fields.items() if value is not ...}


def write(**changes: object) -> Json:
    """Return the kind of a write, with `changes` in its payload."""
    fields: Json = {
        "variable": "x",
        "old_value": 1,
        "new_value": 2,
        "location": "a.py:1",
        "access_type": "Write",
    }
    fields |= changes
    return {"StateChange": {name: value for name, value in fields.items() if value is not ...}}


def take(*events: object, most_message_bytes: int = MESSAGE_BYTES, **envelope: object) -> Intake:
    """Take in a JSON batch of `events`."""
    body = msgspec.json.encode({"events": events, **envelope})
    return accept(body, Form.JSON, most_message_bytes=most_message_bytes)


def take_msgpack(*events: object) -> Intake:
    body = msgspec.msgpack.encode({"events": events})
    return accept(body, Form.MSGPACK, most_message_bytes=MESSAGE_BYTES)


def stored(intake: Intake) -> list[Any]:
    """Return the events that an intake hands to the bus, in the order of their ids.

    They are `Any` so that a test may look into a payload whose kind it knows.
    """
    messages = map(decode_message, intake.messages)
    events = decode_events(each.events for message in messages for each in message.slices)
    return sorted(events, key=lambda event: event.id)
