"""The form in which events are stored, and a test for it that costs almost nothing per event.

An event is canonical when

* its ids are UUIDs, spelled in lower case with dashes;
* its kind has exactly one payload;
* its whole numbers are integers, not floats without a fraction;
* its headers hold no credential, its strings no NUL (`may_hold_nul`);
* its times can be read, and it can be encoded: no integer goes beyond 64 bits.

`raceway_core.wire.repair` brings any event that can be brought into this form; for one that has it
already, repairing is the identity. Nearly all events have it, so the test looks at whole batches: one
comparison for all ids in place of one per id, and at fields only where the encoded bytes show that
they may be other than usual: msgpack writes each float with the byte 0xcb, and each key as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import get_args, get_type_hints

import msgspec
from msgspec.structs import astuple

from raceway_core.event import Event, Kind, Metadata, Payload, Whole
from raceway_core.time import span_reader
from raceway_core.wire.headers import hold_secrets

_HEX_TO_0 = str.maketrans("123456789abcdef", "0" * 15)
_UUID_LINE = "00000000-0000-0000-0000-000000000000\n"
_MSGPACK_FLOAT = b"\xcb"
_NO_OTHERS = len(msgspec.structs.fields(Kind)) - 1


def are_canonical(events: Sequence[Event], encoded: Sequence[bytes]) -> bool:
    """Tell whether every event is canonical, NULs aside; `encoded` is their msgpack, in any pieces.

    Time: O(n), about half a microsecond an event.

    Raises:
        Rejected: A start is no time.
    """
    ids = [event.id for event in events]
    ids += [event.parent_id for event in events if event.parent_id is not None]
    if not _are_uuids(ids) or not _are_uuids({event.trace_id for event in events}):
        return False
    if not {astuple(event.kind).count(None) for event in events} <= {_NO_OTHERS}:
        return False
    span_reader([start for event in events if (start := event.metadata.start_ns) is not None])
    may_hold_floats = any(_MSGPACK_FLOAT in piece for piece in encoded)
    may_hold_headers = any(b"headers" in piece for piece in encoded)
    return not (may_hold_floats and _hold_floats(events)) and not (may_hold_headers and _hold_secrets(events))


def may_hold_nul(json_text: bytes) -> bool:
    r"""Tell whether a JSON text spells a NUL, which it can only as `\u0000`."""
    return b"\\" in json_text and b"\\u0000" in json_text


def whole_fields(struct: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the names of the fields that are integers but may be written as floats."""
    whole = set(get_args(Whole))
    hints = get_type_hints(struct, include_extras=True)
    return tuple(name for name, hint in hints.items() if whole <= set(get_args(hint)))


def payload_types() -> dict[str, type[Payload]]:
    """Return the class of each payload by its name on the wire."""
    hints = get_type_hints(Kind)
    return {name: get_args(hint)[0] for name, hint in hints.items()}


def _are_uuids(texts: Iterable[str]) -> bool:
    # The lines are as many as the texts only if no text holds a line end.
    lines = [*texts, ""]
    return "\n".join(lines).translate(_HEX_TO_0) == _UUID_LINE * (len(lines) - 1)


_WHOLE_NUMBERS = [
    (payload, attrgetter(name)) for payload in payload_types().values() for name in whole_fields(payload)
]
_METADATA_NUMBERS = [attrgetter(name) for name in whole_fields(Metadata)]


def _hold_floats(events: Sequence[Event]) -> bool:
    """Tell whether a whole number is written as a float."""
    numbers = [count for event in events for _, count in event.causality_vector]
    metadata = [event.metadata for event in events]
    for number in _METADATA_NUMBERS:
        numbers += map(number, metadata)
    payloads: defaultdict[type[Payload], list[Payload]] = defaultdict(list)
    for event in events:
        payload = next(filter(None, astuple(event.kind)))
        payloads[type(payload)].append(payload)
    for kind, number in _WHOLE_NUMBERS:
        numbers += map(number, payloads.get(kind, ()))
    return float in set(map(type, numbers))


def _hold_secrets(events: Sequence[Event]) -> bool:
    kinds = [event.kind for event in events]
    messages = [found for kind in kinds if (found := kind.HttpRequest or kind.HttpResponse)]
    return any(message.headers and hold_secrets(message.headers) for message in messages)
