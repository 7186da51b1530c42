"""The intake of `POST /events`: the bytes of a body in, messages for the bus and an answer out.

The whole body is decoded in one typed pass and looked at by columns (`raceway_core.wire.canonical`).
Only when that fails is each event read alone, so that one bad event never costs the batch: what
can be repaired is, and the rest is refused with its index and the reason.

Splitting or repeating a batch changes nothing downstream: messages are sets of events.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from hashlib import blake2b
from typing import Annotated, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from raceway_core.batch import Message
from raceway_core.errors import Rejected
from raceway_core.event import Event, Whole
from raceway_core.json_array import elements
from raceway_core.time import parse_time
from raceway_core.wire.canonical import are_canonical, may_hold_nul
from raceway_core.wire.nesting import MOST_LEVELS, too_deep_at
from raceway_core.wire.parts import Oversized, cut
from raceway_core.wire.repair import ESCAPED_NUL, Refused, repair
from raceway_core.wire.surrogate import without_halves
from raceway_core.wire.transcode import json_of_msgpack


class Form(Enum):
    """How a body is written."""

    JSON = "application/json"
    MSGPACK = "application/msgpack"


class Misshapen(Rejected):
    """The body can be read, but it is no batch."""


class Rejection(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why the event at `index` of the batch was refused; `id` as far as the client sent one."""

    index: int
    code: str
    message: str
    id: str | None = None


class Intake(msgspec.Struct, frozen=True):
    """What became of a body: `messages` carry the `accepted` events, `rejected` names the others."""

    messages: tuple[bytes, ...]
    batch_id: str
    accepted: int
    rejected: tuple[Rejection, ...]


class _Identified(msgspec.Struct, frozen=True):
    id: str


_Reason: TypeAlias = Annotated[str, Meta(max_length=128)]


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    batch_id: Annotated[str, Meta(max_length=256)] | None = None
    dropped: Annotated[dict[_Reason, Whole], Meta(max_length=64)] | None = None


class Batch(_Envelope, frozen=True, gc=False):
    """What a client sends."""

    events: tuple[Event, ...]


class _RawBatch(_Envelope, frozen=True):
    events: msgspec.Raw


class _Usable(NamedTuple):
    """Events that can be used, and their places in the client's batch."""

    events: Sequence[Event]
    places: Sequence[int]


_batch = msgspec.json.Decoder(Batch)
_raw_batch = msgspec.json.Decoder(_RawBatch)
_identified = msgspec.json.Decoder(_Identified)
_event = msgspec.json.Decoder(Event)
_any = msgspec.json.Decoder()

MOST_REFUSALS = 10_000
"""Beyond that an answer names no single event any more: the body was never meant as a batch."""

_A_BATCH = "a batch is an object with the list `events`, and optionally `batch_id` and `dropped`"

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)


def accept(body: bytes, form: Form, *, most_message_bytes: int) -> Intake:
    """Read a body and return what to publish and what to answer.

    Time: O(bytes); memory a small multiple of them.

    Raises:
        Rejected: The body is not of `form`; the message says where.
        Misshapen: It is not a batch; the message names the field.
    """
    text = b""
    try:
        text = body if form is Form.JSON else json_of_msgpack(body)
        return _accept_json(text, most_message_bytes)
    except RecursionError as error:
        raise Rejected(_nesting_message(text)) from error
    except _UNREADABLE as error:
        raise Rejected(f"the body is not {form.value}: {error}") from error


def _accept_json(text: bytes, most_message_bytes: int) -> Intake:
    return _accept_canonical(text, most_message_bytes) or _salvage(text, most_message_bytes)


def _accept_canonical(text: bytes, most_message_bytes: int) -> Intake | None:
    """Return the intake of a batch in which nothing is to mend, None for any other."""
    try:
        batch = _batch.decode(text)
        empty = _empty_message(batch, batch.events)
        parts = cut(batch.events, empty, most_message_bytes)
        is_canonical = not may_hold_nul(text) and are_canonical(batch.events, parts.encoded)
    except (*_UNREADABLE, OverflowError, Rejected):
        return None
    if not batch.events or parts.oversized or not is_canonical:
        return None
    return Intake(parts.messages, empty.batch_id, len(batch.events), ())


def _salvage(text: bytes, most_message_bytes: int) -> Intake:
    """Read event by event: tell what is wrong with each, and keep the others."""
    raw = _raw_envelope(without_halves(text))
    array = bytes(raw.events)
    events: list[Event] = []
    places: list[int] = []
    rejected: list[Rejection] = []
    for place, raw_event in enumerate(elements(array)):
        try:
            events.append(_read_one(raw_event))
        except Refused as error:
            rejected.append(Rejection(place, error.code, str(error), _id_in(raw_event)))
            if len(rejected) > MOST_REFUSALS:
                raise Misshapen(
                    f"more than {MOST_REFUSALS} events cannot be used; the last: {error}"
                ) from error
        else:
            places.append(place)
    return _pack(raw, _Usable(events, places), rejected, most_message_bytes)


def _raw_envelope(text: bytes) -> _RawBatch:
    try:
        raw = _raw_batch.decode(text)
    except msgspec.ValidationError as error:
        raise Misshapen(f"{error}; {_A_BATCH}") from error
    if not bytes(raw.events).startswith(b"["):
        raise Misshapen(f"Expected `array` - at `$.events`; {_A_BATCH}")
    return raw


def _read_one(raw: bytes) -> Event:
    try:
        return _read_canonical(raw) or repair(_any.decode(raw))
    except RecursionError:
        raise Refused("malformed_event", f"values must not nest deeper than {MOST_LEVELS} levels") from None
    except _UNREADABLE as error:
        raise Refused("malformed_event", str(error)) from error


def _read_canonical(raw: bytes) -> Event | None:
    try:
        event = _event.decode(raw)
        parse_time(str(event.timestamp))
        encoded = msgspec.msgpack.encode(event)
        is_canonical = not may_hold_nul(raw) and are_canonical((event,), (encoded,))
    except (*_UNREADABLE, OverflowError, Rejected):
        return None
    return event if is_canonical else None


def _id_in(raw: bytes) -> str | None:
    try:
        return _identified.decode(raw).id
    except (*_UNREADABLE, RecursionError):
        return None


def _pack(envelope: _Envelope, usable: _Usable, rejected: list[Rejection], most_bytes: int) -> Intake:
    empty = _empty_message(envelope, usable.events)
    if not usable.events and not empty.dropped:
        return Intake((), empty.batch_id, 0, tuple(rejected))
    parts = cut(usable.events, empty, most_bytes)
    if parts.oversized:
        places = {id(event): place for event, place in zip(*usable, strict=True)}
        rejected += [_too_large(places[id(each.event)], each, most_bytes) for each in parts.oversized]
        rejected.sort(key=lambda rejection: rejection.index)
    accepted = len(usable.events) - len(parts.oversized)
    return Intake(parts.messages, empty.batch_id, accepted, tuple(rejected))


def _empty_message(envelope: _Envelope, events: Sequence[Event]) -> Message:
    """Return the message without slices; what a client lost is counted once per batch and source."""
    lost = envelope.dropped or {}
    dropped = {reason.replace("\0", ESCAPED_NUL): int(count) for reason, count in lost.items() if count >= 1}
    batch_id = envelope.batch_id or ""
    if dropped and not batch_id:
        batch_id = blake2b(msgspec.json.encode([dropped, events]), digest_size=16).hexdigest()
    first = events[0].metadata if events else None
    source = f"{first.service_name}#{first.instance_id or first.process_id}" if first else ""
    return Message((), batch_id, source, dropped)


def _too_large(place: int, oversized: Oversized, most_bytes: int) -> Rejection:
    message = (
        f"the event takes {oversized.size_bytes} bytes, a message holds {most_bytes}; send shorter values"
    )
    return Rejection(place, "too_large", message, oversized.event.id)


def _nesting_message(text: bytes) -> str:
    offset = too_deep_at(text)
    where = "" if offset is None else f", as at byte {offset}"
    return f"the body must not nest deeper than {MOST_LEVELS} levels{where}"
