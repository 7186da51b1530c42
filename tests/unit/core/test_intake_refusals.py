"""What cannot be used, and what the answer says about it: never more than that is lost."""

from __future__ import annotations

import gzip
import time
import tracemalloc

import msgspec
import pytest
from tests.unit.core.wire import (
    CALL,
    MESSAGE_BYTES,
    Json,
    event_id,
    metadata,
    stored,
    take,
    take_msgpack,
    wire_event,
    write,
)

from raceway_core.errors import Rejected
from raceway_core.intake import Form, Intake, Misshapen, accept

EVENTS: list[tuple[str, object, str, str]] = [
    ("not an object", 7, "malformed_event", "an event must be an object, got int"),
    ("null", None, "malformed_event", "an event must be an object, got nothing"),
    ("no id", wire_event(2, id=...), "invalid_id", "id must be a UUID, got nothing"),
    ("an id of another kind", wire_event(2, id=5), "invalid_id", "id must be a UUID, got int"),
    ("an id that is no UUID", wire_event(2, id="e2"), "invalid_id", "id must be a UUID, got 'e2'"),
    (
        "a parent that is no UUID",
        wire_event(2, parent_id="p"),
        "invalid_id",
        "parent_id must be a UUID, got 'p'",
    ),
    ("no trace", wire_event(2, trace_id=...), "invalid_id", "trace_id must be a UUID, got nothing"),
    ("an empty trace id", wire_event(2, trace_id=""), "invalid_id", "trace_id must be a UUID, got ''"),
    ("no time", wire_event(2, timestamp=...), "malformed_event", "missing required field `timestamp`"),
    (
        "a time in words",
        wire_event(2, timestamp="noon"),
        "invalid_timestamp",
        "timestamp: expected an RFC 3339",
    ),
    (
        "a time without offset",
        wire_event(2, timestamp="2026-11-24T12:00:00"),
        "invalid_timestamp",
        "with an offset",
    ),
    (
        "a day that does not exist",
        wire_event(2, timestamp="2026-02-30T12:00:00Z"),
        "invalid_timestamp",
        "not a time that exists",
    ),
    (
        "a year too far",
        wire_event(2, timestamp="9999-01-01T00:00:00Z"),
        "invalid_timestamp",
        "from 1678 to 2261",
    ),
    ("a float of a time", wire_event(2, timestamp=1.5), "malformed_event", "$.timestamp"),
    ("a time beyond 64 bits", wire_event(2, timestamp=2**63), "malformed_event", "$.timestamp"),
    (
        "a start in words",
        wire_event(2, metadata=metadata(start_ns="then")),
        "invalid_timestamp",
        "metadata.start_ns: expected",
    ),
    ("no kind", wire_event(2, kind=...), "malformed_event", "kind must be an object, got nothing"),
    ("an empty kind", wire_event(2, kind={}), "invalid_kind", "kind must have exactly one key"),
    (
        "two kinds",
        wire_event(2, kind={**CALL, **write()}),
        "invalid_kind",
        "exactly one key, a kind of event; got 2",
    ),
    ("a null kind", wire_event(2, kind={"Custom": None}), "invalid_kind", "exactly one key"),
    ("an unknown kind", wire_event(2, kind={"Teleport": {}}), "invalid_kind", "kind 'Teleport' is unknown"),
    (
        "a kind of another kind",
        wire_event(2, kind="Error"),
        "malformed_event",
        "kind must be an object, got str",
    ),
    ("no variable", wire_event(2, kind=write(variable=...)), "malformed_event", "`variable`"),
    ("a wrong access type", wire_event(2, kind=write(access_type="Peek")), "malformed_event", "access_type"),
    ("no metadata", wire_event(2, metadata=...), "malformed_event", "metadata must be an object"),
    ("a number as a thread", wire_event(2, metadata=metadata(thread_id=7)), "malformed_event", "thread_id"),
    ("tags in a list", wire_event(2, metadata=metadata(tags=[1])), "malformed_event", "$.metadata.tags"),
    (
        "a number as a tag",
        wire_event(2, metadata=metadata(tags={"a": 1})),
        "malformed_event",
        "$.metadata.tags",
    ),
    ("a clock of 2^53", wire_event(2, causality_vector=[["a", 2**53]]), "clock_out_of_range", str(2**53)),
    ("a clock of 2^64", wire_event(2, causality_vector=[["a", 2**64]]), "clock_out_of_range", "below 2^53"),
    ("a clock of 1e300", wire_event(2, causality_vector=[["a", 1e300]]), "clock_out_of_range", "below 2^53"),
    ("a clock of words", wire_event(2, causality_vector=[["a", "b"]]), "malformed_event", "causality_vector"),
    ("half a clock", wire_event(2, causality_vector=[["a"]]), "malformed_event", "causality_vector"),
    ("a clock that is none", wire_event(2, causality_vector={"a": 1}), "malformed_event", "causality_vector"),
    ("a lock of numbers", wire_event(2, lock_set=[1]), "malformed_event", "$.lock_set"),
    (
        "a process beyond 64 bits",
        wire_event(2, metadata=metadata(process_id=2**64)),
        "malformed_event",
        "process_id",
    ),
]


@pytest.mark.parametrize(
    ("bad", "code", "said"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS]
)
def test_refuses_an_event_and_keeps_the_others(bad: object, code: str, said: str) -> None:
    intake = take(wire_event(1), bad, wire_event(3))

    (rejection,) = intake.rejected
    assert (rejection.index, rejection.code) == (1, code)
    assert said in rejection.message
    assert intake.accepted == 2
    assert [event.id for event in stored(intake)] == [event_id(1), event_id(3)]


def test_names_the_id_that_was_sent() -> None:
    intake = take({"id": "mine"}, {"id": 5}, {}, [])

    assert [rejection.id for rejection in intake.rejected] == ["mine", None, None, None]


BODIES: list[tuple[str, bytes, type[Rejected], str]] = [
    ("nothing", b"", Rejected, "not application/json: Input data was truncated"),
    ("half of it", b'{"events": [', Rejected, "truncated"),
    ("no JSON", b"events=1", Rejected, "malformed: invalid character (byte 0)"),
    ("NaN", b'{"events": NaN}', Rejected, "malformed"),
    ("two documents", b'{"events":[]} {}', Rejected, "trailing characters (byte 15)"),
    ("a list", b"[]", Misshapen, "Expected `object`, got `array`"),
    ("null", b"null", Misshapen, "Expected `object`"),
    ("no events", b"{}", Misshapen, "missing required field `events`"),
    ("events that are no list", b'{"events":{}}', Misshapen, "$.events"),
    ("a number as a batch id", b'{"events":[],"batch_id":1}', Misshapen, "$.batch_id"),
    ("an endless batch id", b'{"events":[],"batch_id":"%s"}' % (b"x" * 257), Misshapen, "$.batch_id"),
    ("drops in words", b'{"events":[],"dropped":{"a":"b"}}', Misshapen, "$.dropped"),
    ("endless drops", b'{"events":[],"dropped":{"a":1e300}}', Misshapen, "$.dropped"),
    ("an endless reason", b'{"events":[],"dropped":{"%s":1}}' % (b"x" * 129), Misshapen, "$.dropped"),
    ("compressed", gzip.compress(b"{}"), Rejected, "malformed"),
]


@pytest.mark.parametrize(
    ("body", "error", "said"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)
def test_refuses_a_body_that_is_no_batch(body: bytes, error: type[Rejected], said: str) -> None:
    with pytest.raises(Rejected) as refusal:
        accept(body, Form.JSON, most_message_bytes=MESSAGE_BYTES)

    assert type(refusal.value) is error
    assert said in str(refusal.value)


def test_takes_an_empty_batch() -> None:
    assert take() == Intake((), "", 0, ())


@pytest.mark.parametrize(
    ("bad", "said"), [(b'"\xff"', "utf-8"), (b'"\xed\xa0\x80"', "utf-8"), (b"1e999", "out of range")]
)
def test_bad_text_costs_only_its_event(bad: bytes, said: str) -> None:
    intake = accept(_batch_with(bad), Form.JSON, most_message_bytes=MESSAGE_BYTES)

    (rejection,) = intake.rejected
    assert (rejection.index, rejection.id) == (1, event_id(2))
    assert said in rejection.message
    assert intake.accepted == 2


def test_half_a_character_is_shown_as_such() -> None:
    text = rb'"a\ud83c \udfe6 \ud83c\udfe6 \\ud83c \ud83c"'
    intake = accept(_batch_with(text), Form.JSON, most_message_bytes=MESSAGE_BYTES)

    assert intake.rejected == ()
    assert stored(intake)[1].payload.new_value == "a\ufffd \ufffd \U0001f3e6 \\ud83c \ufffd"


def _batch_with(new_value: bytes) -> bytes:
    good, other = (msgspec.json.encode(wire_event(n)) for n in (1, 3))
    changed = msgspec.json.encode(wire_event(2, kind=write(new_value="HERE"))).replace(b'"HERE"', new_value)
    return b'{"events":[%s,%s,%s]}' % (good, changed, other)


@pytest.mark.parametrize(
    ("before", "offset"), [(b'{"events":[],"unknown":', 534), (b'{"events":[{"kind":{"Custom":{"data":', 544)]
)
def test_refuses_ten_million_brackets_at_once(before: bytes, offset: int) -> None:
    body = before + b"[" * 10_000_000
    tracemalloc.start()
    began_s = time.perf_counter()
    with pytest.raises(Rejected, match=rf"nest deeper than 512 levels, as at byte {offset}"):
        accept(body, Form.JSON, most_message_bytes=MESSAGE_BYTES)
    took_s = time.perf_counter() - began_s
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert took_s < 1
    assert peak_bytes < 1_000_000


def test_refuses_nested_msgpack() -> None:
    with pytest.raises(Rejected, match="nest deeper"):
        accept(b"\x91" * 1_000_000, Form.MSGPACK, most_message_bytes=MESSAGE_BYTES)


@pytest.mark.parametrize("body", [b"", b"\xdd\xff\xff\xff\xff", b"\xc1", b"\xa1\xff"])
def test_refuses_broken_msgpack(body: bytes) -> None:
    with pytest.raises(Rejected, match="not application/msgpack"):
        accept(body, Form.MSGPACK, most_message_bytes=MESSAGE_BYTES)


def test_turns_what_json_cannot_say_into_what_it_can() -> None:
    data = {1: float("nan"), (3, 4): b"bytes", "ext": msgspec.msgpack.Ext(5, b"x"), "list": (1, {2.5: None})}
    (event,) = stored(take_msgpack(wire_event(kind={"Custom": {"name": "n", "data": data}})))

    assert event.payload.data == {"1": None, "(3, 4)": "Ynl0ZXM=", "ext": "eA==", "list": [1, {"2.5": None}]}


def test_refuses_an_event_that_no_message_can_hold() -> None:
    events: list[Json] = [wire_event(n) for n in range(5)]
    events[3]["kind"] = write(new_value="x" * 5000)
    intake = take(*events, most_message_bytes=2000)

    (rejection,) = intake.rejected
    assert (rejection.index, rejection.code, rejection.id) == (3, "too_large", event_id(3))
    assert "2000" in rejection.message
    assert intake.accepted == 4
    assert [event.id for event in stored(intake)] == [event_id(n) for n in (0, 1, 2, 4)]
    assert all(len(message) <= 2000 for message in intake.messages)


def test_a_body_of_junk_takes_no_more_memory_than_itself() -> None:
    body = b'{"events":[' + b"0," * 5_000_000 + b"0]}"
    tracemalloc.start()
    with pytest.raises(Misshapen, match="more than 10000 events cannot be used"):
        accept(body, Form.JSON, most_message_bytes=MESSAGE_BYTES)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 3 * len(body)
