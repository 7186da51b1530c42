"""What the original's clients send in their many ways, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.unit.core.wire import Json, event_id, metadata, stored, take, take_msgpack, wire_event, write

from raceway_core.batch import decode_message
from raceway_core.event import AccessType, FunctionReturn
from raceway_core.intake import Intake
from raceway_core.wire.repair import TRACE_TAG

UNSET = msgspec.UNSET
HTTP: Json = {"method": "POST", "url": "/transfer", "body": None}

SECONDS = "2026-11-24T12:00:00"
SECONDS_NS = 1_795_521_600_000_000_000

CASES: list[tuple[str, Json, Callable[[Any], object], object]] = [
    ("no new value is an unknown one", {"kind": write(new_value=...)}, lambda e: e.payload.new_value, UNSET),
    ("no old value is an unknown one", {"kind": write(old_value=...)}, lambda e: e.payload.old_value, UNSET),
    ("null is a value", {"kind": write(new_value=None)}, lambda e: e.payload.new_value, None),
    (
        "a float duration of a response",
        {"kind": {"HttpResponse": {"status": 200, "headers": {}, "body": None, "duration_ms": 12.5}}},
        lambda e: e.payload.duration_ms,
        12.5,
    ),
    (
        "a float duration of a query",
        {"kind": {"DatabaseQuery": {"query": "select 1", "database": "bank", "duration_ms": 0.25}}},
        lambda e: e.payload.duration_ms,
        0.25,
    ),
    (
        "a null stack trace",
        {"kind": {"Error": {"error_type": "E", "message": "m", "stack_trace": None}}},
        lambda e: e.payload.stack_trace,
        None,
    ),
    ("null tags", {"metadata": metadata(tags=None)}, lambda e: e.metadata.tags, None),
    ("no tags", {"metadata": metadata(tags=...)}, lambda e: e.metadata.tags, None),
    ("null headers", {"kind": {"HttpRequest": {**HTTP, "headers": None}}}, lambda e: e.payload.headers, None),
    ("null names", {"metadata": metadata(environment=None)}, lambda e: e.metadata.environment, ""),
    (
        "a task id that is no UUID",
        {"kind": {"AsyncSpawn": {"task_id": "worker-7", "spawned_by": "main"}}},
        lambda e: e.payload.task_id,
        "worker-7",
    ),
    (
        "a task's name and place",
        {"kind": {"AsyncSpawn": {"task_id": event_id(9), "task_name": "t", "spawned_at": "a.py:3"}}},
        lambda e: (e.payload.task_name, e.payload.spawned_at),
        ("t", "a.py:3"),
    ),
    (
        "a future id that is no UUID",
        {"kind": {"AsyncAwait": {"future_id": "f", "awaited_at": "a.py:4"}}},
        lambda e: e.payload.future_id,
        "f",
    ),
    (
        "a return",
        {"kind": {"FunctionReturn": {"function_name": "f", "return_value": 3, "file": "a.py", "line": 2}}},
        lambda e: e.payload,
        FunctionReturn(function_name="f", return_value=3, file="a.py", line=2),
    ),
    (
        "a whole float in a clock",
        {"causality_vector": [["a#1", 3.0]]},
        lambda e: e.causality_vector,
        (("a#1", 3),),
    ),
    (
        "negative and fractional clock values are left out",
        {"causality_vector": [["a#1", -1], ["b#1", 1.5], ["c#1", 2]]},
        lambda e: e.causality_vector,
        (("c#1", 2),),
    ),
    ("a null clock", {"causality_vector": None}, lambda e: e.causality_vector, ()),
    ("no clock", {"causality_vector": ...}, lambda e: e.causality_vector, ()),
    ("a null lock set", {"lock_set": None}, lambda e: e.lock_set, ()),
    ("no lock set", {"lock_set": ...}, lambda e: e.lock_set, ()),
    ("a lock set of names", {"lock_set": ["l"]}, lambda e: e.lock_set, ("l",)),
    (
        "a lock with its mode",
        {"lock_set": [{"id": "l", "mode": "shared"}]},
        lambda e: e.lock_set[0].mode.value,
        "shared",
    ),
    ("no parent", {"parent_id": ...}, lambda e: e.parent_id, None),
    ("a UUID in capitals", {"id": event_id(11).upper()}, lambda e: e.id, event_id(11)),
    ("a UUID without dashes", {"id": event_id(11).replace("-", "")}, lambda e: e.id, event_id(11)),
    ("a UUID as a name", {"parent_id": f"urn:uuid:{event_id(11)}"}, lambda e: e.parent_id, event_id(11)),
    ("a UUID in braces", {"parent_id": f"{{{event_id(11)}}}"}, lambda e: e.parent_id, event_id(11)),
    (
        "a trace id that is no UUID",
        {"trace_id": "req-1"},
        lambda e: e.trace_id,
        "9b67cce6-bc45-55f5-8d00-5991bb185101",
    ),
    (
        "the original of a mapped trace id",
        {"trace_id": "req-1"},
        lambda e: e.metadata.tags,
        {TRACE_TAG: "req-1"},
    ),
    (
        "whole floats",
        {"metadata": metadata(process_id=3.0, duration_ns=5.0)},
        lambda e: e.metadata.duration_ns,
        5,
    ),
    ("a version as a float", {"kind": write(version=4.0)}, lambda e: e.payload.version, 4),
    (
        "an unknown field",
        {"kind": write(colour="red"), "colour": {"a": [1]}},
        lambda e: e.payload.variable,
        "x",
    ),
    ("time with a space", {"timestamp": f"{SECONDS.replace('T', ' ')}Z"}, lambda e: e.time_ns, SECONDS_NS),
    (
        "time with an offset",
        {"timestamp": "2026-11-24T14:00:00.5+02:00"},
        lambda e: e.time_ns,
        SECONDS_NS + 500_000_000,
    ),
    ("time of 12 digits", {"timestamp": f"{SECONDS}.000000001999Z"}, lambda e: e.time_ns, SECONDS_NS + 1),
    ("time as nanoseconds", {"timestamp": SECONDS_NS}, lambda e: e.time_ns, SECONDS_NS),
    ("time as text of nanoseconds", {"timestamp": str(SECONDS_NS)}, lambda e: e.time_ns, SECONDS_NS),
    ("time as it was sent", {"timestamp": f"{SECONDS}.50Z"}, lambda e: e.timestamp, f"{SECONDS}.50Z"),
    ("an integer of 64 bits", {"kind": write(new_value=2**64 - 1)}, lambda e: e.payload.new_value, 2**64 - 1),
    (
        "a NUL in a value",
        {"kind": write(new_value={"a\0": "b\0"})},
        lambda e: e.payload.new_value,
        {"a\\u0000": "b\\u0000"},
    ),
    ("a NUL in a name", {"kind": write(variable="x\0y")}, lambda e: e.payload.variable, "x\\u0000y"),
    (
        "all access types",
        {"kind": write(access_type="AtomicRMW")},
        lambda e: e.payload.access_type,
        AccessType.ATOMIC_RMW,
    ),
    ("a declared scope", {"kind": write(scope="process")}, lambda e: e.payload.scope.value, "process"),
    (
        "text beyond the basic plane",
        {"kind": write(new_value="\U0001f3e6")},
        lambda e: e.payload.new_value,
        "\U0001f3e6",
    ),
]


@pytest.mark.parametrize(
    ("changes", "look", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
@pytest.mark.parametrize("take_in", [take, take_msgpack])
def test_tolerates(
    take_in: Callable[..., Intake], changes: Json, look: Callable[[Any], object], expected: object
) -> None:
    intake = take_in(wire_event(1), wire_event(2, **changes), wire_event(3))

    assert intake.rejected == ()
    assert intake.accepted == 3
    changed = next(event for event in stored(intake) if event.id not in (event_id(1), event_id(3)))
    assert look(changed) == expected
    assert type(look(changed)) is type(expected)


def test_keeps_integers_beyond_64_bits_as_text() -> None:
    (event,) = stored(take(wire_event(kind=write(old_value=2**63, new_value=[2**64, -(2**63) - 1]))))

    assert event.payload.old_value == 2**63
    assert event.payload.new_value == [str(2**64), str(-(2**63) - 1)]


def test_scrubs_credentials_of_headers() -> None:
    headers = {"Authorization": "Bearer x", "cookie": ["a", "b"], "X-Api-Key": "k", "Accept": "*/*"}
    (event,) = stored(take(wire_event(kind={"HttpRequest": {**HTTP, "headers": headers}})))

    scrubbed = dict.fromkeys(("Authorization", "cookie", "X-Api-Key"), "[scrubbed]")
    assert event.payload.headers == {**scrubbed, "Accept": "*/*"}


def test_counts_what_a_client_lost_under_a_name_of_its_own_for_each_batch() -> None:
    lost = {"queue_full": 3.0, "nothing": 0, "less": -1, "a\0": 1}
    named = decode_message(take(wire_event(), batch_id="b1", dropped=lost).messages[0])
    unnamed = [decode_message(take(wire_event(n), dropped=lost).messages[0]) for n in (1, 1, 2)]

    assert (named.batch_id, named.source, named.dropped) == (
        "b1",
        "bank#4711",
        {"queue_full": 3, "a\\u0000": 1},
    )
    assert unnamed[0].batch_id == unnamed[1].batch_id != unnamed[2].batch_id


def test_counts_what_was_lost_with_a_batch_without_events() -> None:
    intake = take(batch_id="b2", dropped={"queue_full": 3})

    assert intake.accepted == 0
    assert decode_message(intake.messages[0]).dropped == {"queue_full": 3}
