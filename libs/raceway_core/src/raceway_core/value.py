"""Values of variables, compared as the analysis needs it: unknown equals nothing, null is a value.

A value that was redacted or truncated is known only by its hash, so it can be compared but not
shown. Comparison goes through a canonical encoding, because `1 == True` and `nan != nan` in Python
but not for someone who reads a finding.
"""

from __future__ import annotations

from typing import NewType

import msgspec

from raceway_core.event import AccessType, JsonValue, StateChange

ValueKey = NewType("ValueKey", str)
"""Equal keys are equal values. The empty key is an unknown value; check before comparing."""

UNKNOWN = ValueKey("")

_encoder = msgspec.json.Encoder(order="deterministic")


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
    return _hash_key(change) if value is msgspec.UNSET else key_of(value)


def value_written(change: StateChange) -> ValueKey:
    """Return what the access left behind, UNKNOWN for a read."""
    if not change.access_type.writes:
        return UNKNOWN
    return _hash_key(change) if change.new_value is msgspec.UNSET else key_of(change.new_value)


def _hash_key(change: StateChange) -> ValueKey:
    return ValueKey(f"#{change.value_hash}") if change.value_hash else UNKNOWN
