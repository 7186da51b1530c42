"""One event as a client wrote it, made into the canonical form, or refused with the reason.

Clients of the original protocol differ in many small ways from what it says. Each of these is
understood: nulls where a field may be left out, whole numbers written as floats, clock values that
are negative or fractional (no event has them, so they are left out), trace ids that are no UUID
(mapped, the original kept as a tag), UUIDs in any spelling, integers beyond 64 bits in values (kept
as text), NULs (escaped, because databases refuse them), credentials in headers (scrubbed).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from uuid import UUID, uuid5

import msgspec

from raceway_core.errors import Rejected
from raceway_core.event import Event, JsonValue, Metadata
from raceway_core.time import parse_time
from raceway_core.wire.canonical import payload_types, whole_fields
from raceway_core.wire.headers import scrub

TRACE_NAMESPACE = UUID("b6e3c1f0-6d0b-5d0e-9b7a-5261636577a1")
TRACE_TAG = "raceway.trace_id"
"""The tag that keeps a trace id which was no UUID."""

ESCAPED_NUL = "\\u0000"

_UUID = re.compile(r"(?:urn:uuid:)?\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_CLOCK_LIMIT = 2**53
_WIRE_INTS = range(-(2**63), 2**64)

Fields = dict[str, JsonValue]


class Refused(Rejected):
    """An event that cannot be used; `code` says why to programs, the message to people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def repair(value: JsonValue) -> Event:
    """Return the event that a decoded JSON value describes, in canonical form.

    Raises:
        Refused: It describes none; the message names the field and what was expected.
    """
    fields = _as_fields(_without_nuls(value), "an event")
    _mend(fields, Event)
    fields["metadata"] = metadata = _as_fields(fields.get("metadata"), "metadata")
    _mend(metadata, Metadata)
    fields["kind"] = _mended_kind(fields.get("kind"))
    _spell_ids(fields, metadata)
    if type(vector := fields.get("causality_vector")) is list:
        fields["causality_vector"] = _usable_entries(vector)
    event = _convert(fields)
    _check_times(event)
    return event if _fits_wire(event) else _convert(_as_fields(_without_big_integers(fields), "an event"))


def _as_fields(value: JsonValue, what: str) -> Fields:
    if type(value) is not dict:
        raise Refused("malformed_event", f"{what} must be an object, got {_kind_of(value)}")
    return dict(value)


def _kind_of(value: JsonValue) -> str:
    return "nothing" if value is None else type(value).__name__


def _mend(fields: Fields, struct: type[msgspec.Struct]) -> None:
    """Leave out nulls that mean "not sent", and make whole numbers integers."""
    for name in _LEFT_OUT_WHEN_NULL[struct]:
        if name in fields and fields[name] is None:
            del fields[name]
    for name in _WHOLE[struct]:
        number = fields.get(name)
        if type(number) is float and abs(number) < 2.0**63:
            fields[name] = int(number)


def _mended_kind(kind: JsonValue) -> Fields:
    payloads = {name: value for name, value in _as_fields(kind, "kind").items() if value is not None}
    if len(payloads) != 1:
        raise Refused("invalid_kind", f"kind must have exactly one key, a kind of event; got {len(payloads)}")
    ((name, value),) = payloads.items()
    if name not in _PAYLOADS:
        raise Refused("invalid_kind", f"kind {name[:40]!r} is unknown; expected one of {' '.join(_PAYLOADS)}")
    payload = _as_fields(value, f"kind.{name}")
    _mend(payload, _PAYLOADS[name])
    if type(headers := payload.get("headers")) is dict and name in {"HttpRequest", "HttpResponse"}:
        payload["headers"] = scrub(headers)
    return {name: payload}


def _spell_ids(fields: Fields, metadata: Fields) -> None:
    fields["id"] = _uuid("id", fields.get("id"))
    if fields.get("parent_id") is not None:
        fields["parent_id"] = _uuid("parent_id", fields["parent_id"])
    trace_id = fields.get("trace_id")
    if type(trace_id) is str and trace_id and not _UUID.fullmatch(trace_id):
        fields["trace_id"] = str(uuid5(TRACE_NAMESPACE, trace_id))
        tags = _as_fields(metadata.get("tags") or {}, "metadata.tags")
        metadata["tags"] = {**tags, TRACE_TAG: trace_id}
    else:
        fields["trace_id"] = _uuid("trace_id", trace_id)


def _uuid(field: str, value: JsonValue) -> str:
    if type(value) is str and _UUID.fullmatch(value):
        return str(UUID(value))
    shown = repr(value[:40]) if type(value) is str else _kind_of(value)
    raise Refused("invalid_id", f"{field} must be a UUID, got {shown}")


def _usable_entries(vector: list[JsonValue]) -> list[JsonValue]:
    usable = []
    for entry in vector:
        count: JsonValue = entry[1] if type(entry) is list and len(entry) == 2 else None
        if type(count) is not int and type(count) is not float:
            usable.append(entry)  # the typed conversion says what is wrong with it
        elif count >= _CLOCK_LIMIT:
            raise Refused("clock_out_of_range", f"causality_vector has {count}; values must be below 2^53")
        elif count >= 0 and count == int(count):
            usable.append([entry[0], int(count)])
    return usable


def _convert(fields: Fields) -> Event:
    try:
        return msgspec.convert(fields, Event)
    except msgspec.ValidationError as error:
        raise Refused("malformed_event", str(error)) from error


def _check_times(event: Event) -> None:
    for field, stamp in (("timestamp", event.timestamp), ("metadata.start_ns", event.metadata.start_ns)):
        try:
            if type(stamp) is str:
                parse_time(stamp)
        except Rejected as error:
            raise Refused("invalid_timestamp", f"{field}: {error}") from error


def _fits_wire(event: Event) -> bool:
    try:
        msgspec.msgpack.encode(event)
    except OverflowError:
        return False
    return True


def _without_nuls(value: JsonValue) -> JsonValue:
    return _walk(value, lambda leaf: leaf.replace("\0", ESCAPED_NUL) if type(leaf) is str else leaf)


def _without_big_integers(value: JsonValue) -> JsonValue:
    return _walk(value, lambda leaf: str(leaf) if type(leaf) is int and leaf not in _WIRE_INTS else leaf)


def _walk(value: JsonValue, change: Callable[[JsonValue], JsonValue]) -> JsonValue:
    """Return `value` with every key and leaf changed. Recurses as deep as the decoder did."""
    if type(value) is dict:
        return {change(key): _walk(item, change) for key, item in value.items()}
    if type(value) is list:
        return [_walk(item, change) for item in value]
    return change(value)


def _left_out_when_null(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    fields = msgspec.structs.fields(struct)
    return tuple(field.encode_name for field in fields if not field.required and not _takes_null(field.type))


def _takes_null(declared: JsonValue) -> bool:
    try:
        msgspec.convert(None, type=declared)
    except msgspec.ValidationError:
        return False
    return True


_PAYLOADS = payload_types()
_STRUCTS: tuple[type[msgspec.Struct], ...] = (Event, Metadata, *_PAYLOADS.values())
_LEFT_OUT_WHEN_NULL: Mapping[type[msgspec.Struct], tuple[str, ...]] = {
    struct: _left_out_when_null(struct) for struct in _STRUCTS
}
_WHOLE: Mapping[type[msgspec.Struct], tuple[str, ...]] = {struct: whole_fields(struct) for struct in _STRUCTS}
