"""The headers `traceparent` (W3C Trace Context) and `raceway-clock`, to text and back.

Reading never raises: what is malformed is `None`, and the caller counts it.

Source: W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import NamedTuple
from uuid import UUID

from raceway.clock import Clock, cut

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
CLOCK = "raceway-clock"

MOST_HEADER_BYTES = 4096
MOST_HEADER_ENTRIES = 64
_MOST_VALUE = 1 << 53
_MOST_NAME = 256

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")


class TraceParent(NamedTuple):
    """Which trace a request belongs to, and under which span it was sent."""

    trace_id: str
    span_id: str
    is_sampled: bool = True


class ClockHeader(NamedTuple):
    """What a `raceway-clock` header says. `trace_id` is a UUID with dashes."""

    trace_id: str
    span_id: str
    parent_span_id: str
    service: str
    instance: str
    clock: Clock
    is_cut: bool = False


def parse_traceparent(text: str) -> TraceParent | None:
    """Read a `traceparent`; of a version to come, its first four fields."""
    match = _TRACEPARENT.fullmatch(text.strip())
    if match is None:
        return None
    version, trace, span, flags, rest = match.groups()
    is_known_shape = version != "ff" and (version != "00" or not rest)
    if not is_known_shape or not int(trace, 16) or not int(span, 16):
        return None
    return TraceParent(str(UUID(trace)), span, bool(int(flags, 16) & 1))


def format_traceparent(parent: TraceParent) -> str:
    """Write a `traceparent` of version 00."""
    return f"00-{parent.trace_id.replace('-', '')}-{parent.span_id}-{int(parent.is_sampled):02x}"


def parse_clock(text: str) -> ClockHeader | None:
    """Read a `raceway-clock` header."""
    version, _, encoded = text.strip().partition(";")
    if version != "v1" or len(text) > MOST_HEADER_BYTES:
        return None
    encoded = encoded.strip()
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return _header_of(fields)
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def format_clock(header: ClockHeader) -> str:
    """Write a `raceway-clock` header, cut until it fits: the clock's last entries stay."""
    most = MOST_HEADER_ENTRIES
    while True:
        clock = cut(header.clock, most)
        is_cut = header.is_cut or len(clock) < len(header.clock)
        text = _encode(header._replace(clock=clock, is_cut=is_cut))
        if len(text) <= MOST_HEADER_BYTES or most <= 1:
            return text
        most = min(most, len(clock)) * 3 // 4


def _encode(header: ClockHeader) -> str:
    fields: dict[str, object] = header._asdict()
    fields["clock"] = list(header.clock.items())
    if not fields.pop("is_cut"):
        text = json.dumps(fields, separators=(",", ":"))
    else:
        text = json.dumps({**fields, "cut": True}, separators=(",", ":"))
    return "v1;" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _header_of(fields: dict[str, object]) -> ClockHeader:
    span, parent = fields["span_id"], fields["parent_span_id"]
    for span_id in (span, parent or span):
        if not isinstance(span_id, str) or not _SPAN_ID.fullmatch(span_id):
            raise ValueError("a span id is 16 hexadecimal digits")
    return ClockHeader(
        trace_id=str(UUID(_text(fields["trace_id"]))),
        span_id=_text(span),
        parent_span_id=_text(parent or ""),
        service=_text(fields["service"]),
        instance=_text(fields["instance"]),
        clock=_clock_of(fields["clock"]),
        is_cut=fields.get("cut") is True,
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MOST_NAME:
        raise ValueError("expected a short string")
    return value


def _clock_of(entries: object) -> Clock:
    if not isinstance(entries, list) or len(entries) > MOST_HEADER_ENTRIES:
        raise ValueError("a clock is a list of at most 64 entries")
    clock: dict[str, int] = {}
    for component, n in entries:
        if type(n) is not int or not 0 <= n < _MOST_VALUE:
            raise ValueError("a clock's value is an integer from 0 to 2^53 - 1")
        clock[_text(component)] = max(n, clock.get(component, 0))
    return clock
