"""Raceway's own format: JSON lines, each an Event or a batch `{"events": […]}`; or one array of Events.

Events are read as `POST /events` reads them, with the same tolerance. A file may also name events
and traces by any text; ids are given back as the file spells them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID, uuid5

import msgspec

from raceway_core.errors import Rejected
from raceway_core.event import Event, EventId, JsonValue, TraceId
from raceway_core.wire.canonical import are_canonical, may_hold_nul
from raceway_core.wire.repair import TRACE_NAMESPACE, repair

EXPECTED = 'an event, a batch {"events": […]}, or one array of events'

_IDS = ("id", "trace_id", "parent_id")

_any = msgspec.json.Decoder()
_events = msgspec.json.Decoder(list[Event])
_encoder = msgspec.msgpack.Encoder()


class _Line(NamedTuple):
    """One JSON value of the file, and the number of the line where it begins."""

    number: int
    text: bytes


def read(data: bytes) -> list[Event]:
    """Return the events of a file, in its order. Empty lines are skipped.

    Time: O(n).

    Raises:
        Rejected: Something is not of the format; the message names the line, and in an array or a
            batch the event.
    """
    if data.lstrip()[:1] == b"[":
        return _canonical(data) or _Reader().read([_Line(1, data)])
    return _Reader().read([_Line(number, text) for number, text in enumerate(data.split(b"\n"), start=1)])


def _canonical(data: bytes) -> list[Event]:
    """Return the events of an array that needs no second look, else nothing."""
    try:
        events = _events.decode(data)
        if not may_hold_nul(data) and are_canonical(events, [_encoder.encode(events)]):
            return events
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError, RecursionError, Rejected):
        pass  # reading event by event tells what is wrong, or mends it
    return []


class _Reader:
    """Reads events one by one and remembers how the file spells each id."""

    def __init__(self) -> None:
        self._uuids: dict[str, str] = {}
        self._spelled: dict[str, str] = {}

    def read(self, lines: list[_Line]) -> list[Event]:
        events = [event for line in lines if line.text.strip() for event in self._of_line(line)]
        return [self._respelled(event) for event in events]

    def _of_line(self, line: _Line) -> Iterator[Event]:
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
        parent = event.parent_id
        return msgspec.structs.replace(
            event,
            id=EventId(self._spelled[event.id]),
            trace_id=TraceId(self._spelled[event.trace_id]),
            parent_id=None if parent is None else EventId(self._spelled[parent]),
        )


def _values(line: _Line) -> Iterator[tuple[int | None, JsonValue]]:
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
