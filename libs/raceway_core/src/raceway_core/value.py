"""Values of variables, compared as the analysis needs it: unknown equals nothing, null is a value.

A value that was redacted or truncated is known only by its hash, so it can be compared but not
shown. Comparison goes through a canonical encoding, because `1 == True` and `nan != nan` in Python
but not for someone who reads a finding.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple, NewType

import msgspec

from raceway_core.event import AccessType, JsonValue, StateChange

ValueKey = NewType("ValueKey", str)
"""Equal keys are equal values. The empty key is an unknown value; check before comparing."""

UNKNOWN = ValueKey("")

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder()


def key_of(value: JsonValue | msgspec.UnsetType) -> ValueKey:
    """Return the key of a JSON value, UNKNOWN for one that was not sent."""
    if value is msgspec.UNSET:
        return UNKNOWN
    return ValueKey(_encoder.encode(value).decode())


def value_read(change: StateChange) -> ValueKey:
    """Return what the access saw: of an atomic read-modify-write the value before."""
    if change.access_type is AccessType.ATOMIC_RMW:
        return key_of(change.old_value)
    if not change.access_type.reads:
        return UNKNOWN
    value = change.old_value if change.new_value is msgspec.UNSET else change.new_value
    return _digest_key(change.value_hash or "") if value is msgspec.UNSET else key_of(value)


def value_written(change: StateChange) -> ValueKey:
    """Return what the access left behind, UNKNOWN for a read."""
    if not change.access_type.writes:
        return UNKNOWN
    return (
        _digest_key(change.value_hash or "")
        if change.new_value is msgspec.UNSET
        else key_of(change.new_value)
    )


class SentValues(NamedTuple):
    """The values of an access as they were sent, as keys; what was not sent is empty."""

    old: ValueKey
    new: ValueKey
    digest: str


def sent_values(change: StateChange) -> SentValues:
    """Return what a client sent of an access's values."""
    return SentValues(key_of(change.old_value), key_of(change.new_value), change.value_hash or "")


def read_in(access_type: AccessType, sent: SentValues) -> ValueKey:
    """Return what `value_read` does, from the values as sent."""
    if access_type is AccessType.ATOMIC_RMW:
        return sent.old
    if not access_type.reads:
        return UNKNOWN
    return sent.new or sent.old or _digest_key(sent.digest)


def written_in(access_type: AccessType, sent: SentValues) -> ValueKey:
    """Return what `value_written` does, from the values as sent."""
    if not access_type.writes:
        return UNKNOWN
    return sent.new or _digest_key(sent.digest)


_SHORT_BYTES = 7


def code_of(key: ValueKey) -> int:
    """Return a non-negative 64-bit integer that tells values apart as their keys do, 0 for UNKNOWN.

    Of a short key it is the text itself; two long ones share a code once in 2^62.
    """
    text = key.encode()
    if len(text) <= _SHORT_BYTES:
        return int.from_bytes(text, "little") | len(text) << 56
    digest = int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
    return digest >> 2 | 1 << 62


def value_of(key: ValueKey) -> JsonValue | msgspec.UnsetType:
    """Return the JSON value of a key that is no digest, UNSET for UNKNOWN."""
    return _decoder.decode(key) if key else msgspec.UNSET


def _digest_key(digest: str) -> ValueKey:
    return ValueKey(f"#{digest}") if digest else UNKNOWN
