"""What ingest hands to the analyzers: a batch cut into one slice per trace.

A slice has a flat header that the store loop reads and the events as undecoded msgpack, so that
nobody decodes an event between its intake and its analysis.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import msgspec

from raceway_core.errors import Rejected
from raceway_core.event import Event, TraceId


class TraceSlice(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Events of one trace that arrived together; `events` is a msgpack array of `Event`."""

    trace_id: TraceId
    count: int
    first_ns: int
    last_ns: int
    events: msgspec.Raw


class Message(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One message on the bus. `dropped` counts what the client says it lost, by reason.

    `batch_id` and `source` name the client's batch, so that a retry's `dropped` is counted once.
    """

    slices: tuple[TraceSlice, ...]
    batch_id: str = ""
    source: str = ""
    dropped: dict[str, int] = {}


class _EventsEncoder(threading.local):
    """Encodes into a buffer that is kept, one per thread.

    One made anew for each slice is copied again and again while it grows; that was an eighth of what
    a batch cost ingest.
    """

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._buffer = bytearray()

    def encode(self, events: Sequence[Event]) -> bytes:
        self._encoder.encode_into(events, self._buffer)
        return bytes(self._buffer)


_encoder = msgspec.msgpack.Encoder()
_events_encoder = _EventsEncoder()
_message_decoder = msgspec.msgpack.Decoder(Message)
_events_decoder = msgspec.msgpack.Decoder(list[Event])


def encode_message(message: Message) -> bytes:
    """Return the bytes of `message` for the bus."""
    return _encoder.encode(message)


def decode_message(body: bytes) -> Message:
    """Read a message of the bus without touching its events.

    Raises:
        Rejected: The bytes are not a message; they can never be stored.
    """
    try:
        return _message_decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(f"not a Raceway bus message: {error}") from error


def slice_of(trace_id: TraceId, events: Sequence[Event], times_ns: Sequence[int]) -> TraceSlice:
    """Return the slice of `events`, all of trace `trace_id`; `times_ns` are their recording times."""
    raw = msgspec.Raw(_events_encoder.encode(events))
    return TraceSlice(trace_id, len(events), min(times_ns), max(times_ns), raw)


def decode_events(chunks: Iterable[bytes | msgspec.Raw]) -> list[Event]:
    """Return the events of the given msgpack arrays, in their order, duplicates included.

    Raises:
        Rejected: A chunk is not an array of events.
    """
    events: list[Event] = []
    try:
        for chunk in chunks:
            events.extend(_events_decoder.decode(chunk))
    except msgspec.DecodeError as error:
        raise Rejected(f"stored events cannot be read: {error}") from error
    return events
