"""Raceway's own format: JSON lines, each an Event or a batch `{"events": […]}`; or one array of Events.

Events are read as `POST /events` reads them, with the same tolerance. A file may also name events
and traces by any text; ids are given back as the file spells them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from uuid import UUID, uuid5

import msgspec

from raceway_core.errors import Rejected
from raceway_core.event import Event, EventId, JsonValue, TraceId
from raceway_core.formats.text import Line, Text, text_of
from raceway_core.intake import Batch
from raceway_core.time import span_reader
from raceway_core.wire.canonical import are_canonical, may_hold_nul
from raceway_core.wire.repair import TRACE_NAMESPACE, repair

EXPECTED = 'an event, a batch {"events": […]}, or one array of events'

_IDS = ("id", "trace_id", "parent_id")

_LINES_AT_ONCE = 64
_EVENTS_AT_ONCE = 1024

_any = msgspec.json.Decoder()
_event = msgspec.json.Decoder(Event)
_batch = msgspec.json.Decoder(Batch)
_events = msgspec.json.Decoder(list[Event])
_encoder = msgspec.msgpack.Encoder()

_UNUSUAL = (msgspec.DecodeError, UnicodeDecodeError, OverflowError, RecursionError, Rejected)
"""What reading event by event mends, or tells the reason of."""


def reader() -> Callable[[Text], Iterator[Event]]:
    """Return what takes the events of one file after another. Empty lines are skipped.

    Time: O(n). Memory: a few lines beside the ids; an array is there as a whole.

    Raises:
        Rejected: Something is not of the format; the message names the line, and in an array or a
            batch the event.
    """
    return _Reader().events


def read(data: bytes) -> list[Event]:
    """Return the events of a file, in its order."""
    return [*reader()(text_of(data))]


class _Reader:
    """Remembers how each id was spelled first; those that need no mending are spelled one way."""

    def __init__(self) -> None:
        self._uuids: dict[str, str] = {}
        self._spelled: dict[str, str] = {}

    def events(self, text: Text) -> Iterator[Event]:
        if bytes(text.first_line()[:1]) == b"[":
            yield from self._of_lines([Line(text.number, text.rest())], _decoded_array)
            return
        lines = (line for line in text.lines() if line.text.strip())
        while group := list(islice(lines, _LINES_AT_ONCE)):
            yield from self._of_lines(group, _decoded_lines)

    def _of_lines(self, lines: list[Line], decoded: Callable[[list[Line]], list[Event]]) -> Iterator[Event]:
        try:
            events = decoded(lines)
            is_usual = _are_canonical(lines, events)
        except _UNUSUAL:
            is_usual = False
        if not is_usual:
            events = [event for line in lines for event in self._mended(line)]
        del lines  # an array's is all of the text
        for event in events:
            yield self._respelled(event)

    def _mended(self, line: Line) -> Iterator[Event]:
        for place, value in _values(line):
            where = f"line {line.number}" if place is None else f"line {line.number}, event {place}"
            try:
                yield repair(self._with_uuids(value))
            except Rejected as error:
                raise Rejected(f"{where}: {error}") from error

    def _with_uuids(self, value: JsonValue) -> JsonValue:
        if type(value) is not dict:
            return value
        return value | {name: self._uuid(text) for name in _IDS if type(text := value.get(name)) is str}

    def _uuid(self, text: str) -> str:
        if text not in self._uuids:
            self._uuids[text] = uuid = _uuid_of(text)
            self._spelled.setdefault(uuid, text)
        return self._uuids[text]

    def _respelled(self, event: Event) -> Event:
        spell, parent = self._spelled.setdefault, event.parent_id
        event_id, trace_id = spell(event.id, event.id), spell(event.trace_id, event.trace_id)
        parent_id = None if parent is None else spell(parent, parent)
        if (event_id, trace_id, parent_id) == (event.id, event.trace_id, parent):
            return event
        return msgspec.structs.replace(
            event,
            id=EventId(event_id),
            trace_id=TraceId(trace_id),
            parent_id=None if parent_id is None else EventId(parent_id),
        )


def _decoded_array(lines: list[Line]) -> list[Event]:
    return [event for line in lines for event in _events.decode(line.text)]


def _decoded_lines(lines: list[Line]) -> list[Event]:
    events: list[Event] = []
    for line in lines:
        try:
            events.append(_event.decode(line.text))
        except msgspec.ValidationError:
            events += _batch.decode(line.text).events
    return events


def _are_canonical(lines: list[Line], events: list[Event]) -> bool:
    if any(may_hold_nul(line.text) for line in lines):
        return False
    span_reader([event.timestamp for event in events])  # raises where one is no time
    parts = (events[at : at + _EVENTS_AT_ONCE] for at in range(0, len(events), _EVENTS_AT_ONCE))
    return all(are_canonical(part, (_encoder.encode(part),)) for part in parts)


def _values(line: Line) -> Iterator[tuple[int | None, JsonValue]]:
    """Yield the events of a JSON value, each with its place in the value where there may be several."""
    try:
        value = _any.decode(line.text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"line {line.number}: expected {EXPECTED}: {error}") from error
    match value:
        case list():
            yield from enumerate(value)
        case {"events": list(events)}:
            yield from enumerate(events)
        case dict():
            yield None, value
        case _:
            raise Rejected(f"line {line.number}: expected {EXPECTED}, got {line.text[:40]!r}")


def _uuid_of(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return str(uuid5(TRACE_NAMESPACE, text))
