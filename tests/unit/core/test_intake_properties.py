"""What holds for every batch: nothing is lost but what is refused, and cutting changes nothing."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.wire import (
    CALL,
    MESSAGE_BYTES,
    TRACE,
    Json,
    event_id,
    metadata,
    stored,
    take,
    wire_event,
    write,
)

from raceway_core.errors import Rejected
from raceway_core.event import Event
from raceway_core.event_set import distinct
from raceway_core.intake import Form, accept
from raceway_core.wire.canonical import are_canonical
from raceway_core.wire.repair import Refused, repair

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.dictionaries(st.sampled_from(["Cookie", "Accept", "token"]), JSON, max_size=2)
KINDS = st.one_of(
    st.just(CALL),
    st.builds(lambda value: write(new_value=value), JSON),
    st.builds(lambda version: write(version=version), st.none() | st.integers(0, 9)),
    st.builds(lambda sent: {"HttpRequest": {"method": "GET", "url": "/", "headers": sent}}, HEADERS),
    st.builds(lambda ms: {"DatabaseQuery": {"query": "q", "duration_ms": ms}}, st.floats(0, 1e6)),
)
STAMPS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2**62).map(str),
    st.datetimes().filter(lambda time: 1700 < time.year < 2250).map(lambda time: f"{time.isoformat()}Z"),
)
EVENTS = st.builds(
    lambda number, trace, stamp, kind, clock: wire_event(
        number, trace_id=trace, timestamp=stamp, kind=kind, causality_vector=clock
    ),
    st.integers(0, 50),
    st.sampled_from([TRACE, event_id(77), "a trace of another kind"]),
    STAMPS,
    KINDS,
    st.lists(st.tuples(st.sampled_from(["a#1", "b#1"]), st.integers(0, 2**53 - 1)), max_size=2),
)
BATCHES = st.lists(EVENTS, min_size=1, max_size=12)
PATHS = st.lists(st.integers(0, 9), min_size=1, max_size=4)


def _kept(sent: list[Any], *, most_message_bytes: int = MESSAGE_BYTES) -> list[Event]:
    """Take in `sent`, check that every event is accounted for, and return those that are kept."""
    intake = take(*sent, most_message_bytes=most_message_bytes)
    events = stored(intake)
    refused = [rejection.index for rejection in intake.rejected]
    assert refused == sorted(set(refused))
    assert len(events) == intake.accepted == len(sent) - len(refused)
    assert all(len(message) <= most_message_bytes for message in intake.messages)
    return events


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _changed(event: Json, path: list[int], value: object) -> Json:
    """Return `event` with whatever stands at the end of `path` replaced."""
    copy = place = _plain(event)
    *steps, last = path
    for step in steps:
        keys = list(place) if type(place) is dict else range(len(place))
        inner = [key for key in keys if type(place[key]) in {dict, list} and place[key]]
        if inner:
            place = place[inner[step % len(inner)]]
    keys = list(place) if type(place) is dict else range(len(place))
    place[keys[last % len(keys)]] = value
    return dict(copy)


@given(BATCHES)
def test_keeps_every_event_of_a_good_batch(batch: list[Json]) -> None:
    assert len(_kept(batch)) == len(batch)


@given(BATCHES, st.sampled_from([3000, 6000, MESSAGE_BYTES]), st.randoms(use_true_random=False))
def test_cutting_repeating_and_shuffling_change_nothing(
    batch: list[Json], most: int, rng: random.Random
) -> None:
    again = [*batch, *rng.choices(batch, k=3)]
    rng.shuffle(again)
    middle = rng.randrange(len(again))
    kept = [
        event for part in (again[:middle], again[middle:]) for event in _kept(part, most_message_bytes=most)
    ]

    assert distinct(kept)[0] == distinct(_kept(batch))[0]
    assert len(kept) == len(again)


@given(EVENTS, PATHS, JSON)
def test_a_broken_event_costs_nothing_but_itself(event: Json, path: list[int], value: object) -> None:
    kept = _kept([wire_event(101), _changed(event, path, value), wire_event(102)])

    assert {event_id(101), event_id(102)} <= {each.id for each in kept}


@given(EVENTS, PATHS, JSON)
def test_what_is_kept_is_canonical_and_stays_as_it_is(event: Json, path: list[int], value: object) -> None:
    kept = _kept([_changed(event, path, value)])

    assert are_canonical(kept, [msgspec.msgpack.encode(each) for each in kept])
    assert _kept(_plain(kept)) == kept


@given(EVENTS)
def test_repairing_what_is_canonical_is_the_identity(event: Json) -> None:
    (kept,) = _kept([event])

    assert repair(_plain(kept)) == kept


@given(JSON)
def test_any_value_is_an_event_or_refused(value: object) -> None:
    with suppress(Refused):
        repair(value)


@given(
    st.binary(max_size=60)
    | st.builds(
        lambda batch, at, junk: (text := _encoded(batch))[: at % len(text)] + junk + text[at % len(text) :],
        st.lists(EVENTS, max_size=2),
        st.integers(0, 2000),
        st.binary(min_size=1, max_size=3),
    ),
    st.sampled_from(Form),
)
def test_any_body_is_a_batch_or_refused(body: bytes, form: Form) -> None:
    with suppress(Rejected):
        intake = accept(body, form, most_message_bytes=MESSAGE_BYTES)
        assert intake.accepted == len(stored(intake))


def _encoded(batch: list[Json]) -> bytes:
    return msgspec.json.encode({"events": batch})


@given(BATCHES)
def test_msgpack_says_the_same_as_json(batch: list[Json]) -> None:
    plain = [event | {"kind": CALL, "metadata": metadata(tags={"a": "b"})} for event in batch]
    packed = msgspec.msgpack.encode({"events": plain})

    taken = accept(packed, Form.MSGPACK, most_message_bytes=MESSAGE_BYTES)
    assert taken.messages == take(*plain).messages
