"""The intake of `POST /events`: the bytes of a body in, messages for the bus and an answer out.

The whole body is decoded in one typed pass and looked at by columns (`raceway_core.canonical`).
Only when that fails is each event read alone, so that one bad event never costs the batch: what
can be repaired is, and the rest is refused with its index and the reason.

Splitting or repeating a batch changes nothing downstream: messages are sets of events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from hashlib import blake2b
from typing import Annotated

import msgspec
from msgspec import Meta

from raceway_core.batch import Message
from raceway_core.canonical import are_canonical, fits_wire, may_hold_nul, recording_times
from raceway_core.errors import Rejected
from raceway_core.event import Event
from raceway_core.nesting import MOST_LEVELS, too_deep_at
from raceway_core.parts import Numbered, Oversized, cut
from raceway_core.repair import Refused, repair
from raceway_core.transcode import json_of_msgpack


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


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    batch_id: Annotated[str, Meta(max_length=256)] | None = None
    dropped: Annotated[dict[str, int | float], Meta(max_length=64)] | None = None


class _Batch(_Envelope, frozen=True, gc=False):
    events: tuple[Event, ...]


class _RawBatch(_Envelope, frozen=True):
    events: list[msgspec.Raw]


_batch = msgspec.json.Decoder(_Batch)
_raw_batch = msgspec.json.Decoder(_RawBatch)
_identified = msgspec.json.Decoder(_Identified)
_event = msgspec.json.Decoder(Event)
_any = msgspec.json.Decoder()

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
    try:
        batch = _batch.decode(text)
        if not may_hold_nul(text) and are_canonical(batch.events):
            numbered = Numbered(range(len(batch.events)), batch.events, recording_times(batch.events))
            return _answer(batch, numbered, [], most_message_bytes)
    except (*_UNREADABLE, OverflowError, Rejected):
        pass  # reading event by event tells what is wrong, and keeps the others
    raw = _raw_envelope(text)
    numbered, rejected = _salvage(raw.events)
    return _answer(raw, numbered, rejected, most_message_bytes)


def _raw_envelope(text: bytes) -> _RawBatch:
    try:
        return _raw_batch.decode(text)
    except msgspec.ValidationError as error:
        raise Misshapen(
            f"{error}; a batch is an object with the list `events`, and optionally `batch_id` and `dropped`"
        ) from error


def _salvage(raws: Iterable[msgspec.Raw]) -> tuple[Numbered, list[Rejection]]:
    places: list[int] = []
    events: list[Event] = []
    rejected: list[Rejection] = []
    for index, raw in enumerate(raws):
        try:
            events.append(_read_one(raw))
        except Refused as error:
            rejected.append(Rejection(index, error.code, str(error), _id_in(raw)))
        else:
            places.append(index)
    return Numbered(places, events, recording_times(events)), rejected


def _read_one(raw: msgspec.Raw) -> Event:
    try:
        return _read_canonical(raw) or repair(_any.decode(raw))
    except RecursionError:
        raise Refused("malformed_event", f"values must not nest deeper than {MOST_LEVELS} levels") from None
    except _UNREADABLE as error:
        raise Refused("malformed_event", str(error)) from error


def _read_canonical(raw: msgspec.Raw) -> Event | None:
    try:
        event = _event.decode(raw)
        recording_times((event,))
    except (*_UNREADABLE, Rejected):
        return None
    is_canonical = not may_hold_nul(bytes(raw)) and are_canonical((event,)) and fits_wire(event)
    return event if is_canonical else None


def _id_in(raw: msgspec.Raw) -> str | None:
    try:
        return _identified.decode(raw).id
    except (*_UNREADABLE, RecursionError):
        return None


def _answer(envelope: _Envelope, numbered: Numbered, rejected: list[Rejection], most_bytes: int) -> Intake:
    empty = _empty_message(envelope, numbered.events)
    if not numbered.events and not empty.dropped:
        return Intake((), empty.batch_id, 0, tuple(rejected))
    messages, oversized = cut(numbered, empty, most_bytes)
    rejected += [_too_large(event, most_bytes) for event in oversized]
    rejected.sort(key=lambda rejection: rejection.index)
    accepted = len(numbered.events) - len(oversized)
    return Intake(tuple(messages), empty.batch_id, accepted, tuple(rejected))


def _empty_message(envelope: _Envelope, events: Sequence[Event]) -> Message:
    """Return the message without slices; what a client lost is counted once per batch and source."""
    dropped = {reason: int(count) for reason, count in (envelope.dropped or {}).items() if count >= 1}
    batch_id = envelope.batch_id or ""
    if dropped and not batch_id:
        batch_id = blake2b(msgspec.json.encode([dropped, events]), digest_size=16).hexdigest()
    first = events[0].metadata if events else None
    source = f"{first.service_name}#{first.instance_id or first.process_id}" if first else ""
    return Message((), batch_id, source, dropped)


def _too_large(oversized: Oversized, most_bytes: int) -> Rejection:
    message = (
        f"the event takes {oversized.size_bytes} bytes, a message holds {most_bytes}; send shorter values"
    )
    return Rejection(oversized.place, "too_large", message, oversized.event.id)


def _nesting_message(text: bytes) -> str:
    offset = too_deep_at(text)
    where = "" if offset is None else f", as at byte {offset}"
    return f"the body must not nest deeper than {MOST_LEVELS} levels{where}"
