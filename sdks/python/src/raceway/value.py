"""Snapshots of values: what may leave the process, as JSON, taken when the access happens.

Three outcomes. A value that is small and plain is sent. One that is long or secret is sent as a
keyed hash, so that equal values can be told without being known. Any other is unknown, which
equals nothing: no code of the application (`__repr__`, `__str__`) runs to look at a value, because
the access that is recorded holds the lock of its object.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias
from uuid import UUID

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Fields: TypeAlias = dict[str, Json]

MOST_CHARACTERS = 1024
MOST_HASHED_CHARACTERS = 65536
MOST_ITEMS = 100
MOST_DEPTH = 6
_MOST_INTEGER = 1 << 63

SECRET = re.compile(
    r"passw|passphrase|secret|token|credential|authorization|cookie|session|api_?key|private_?key|card_?number",
    re.IGNORECASE,
)
HIDDEN = "[redacted]"


class Opaque(Exception):
    """A value, or a part of it, cannot be shown as JSON within the limits."""


class Values:
    """Takes snapshots, under one process's key and rule of what is secret."""

    def __init__(self, key: bytes, secret: re.Pattern[str] = SECRET) -> None:
        self._key = key
        self._is_secret = lru_cache(maxsize=4096)(lambda name: secret.search(name) is not None)

    def is_secret(self, name: str) -> bool:
        """Whether the value under this name must not leave the process."""
        return self._is_secret(name)

    def scrub(self, name: str, text: str) -> str:
        """Return a parameter's value, hidden if its name says that it is secret."""
        return HIDDEN if self._is_secret(name) else text

    def note(self, fields: Fields, field: str, value: object, *, is_secret: bool) -> None:
        """Put what may be sent of a value into an event's fields: itself, a hash, or nothing.

        The hash is that of the value accessed, so of `new_value` only. Never raises.
        """
        if not is_secret and _is_plain(value):
            fields[field] = value  # type: ignore[assignment]  # plain values are JSON's
            return
        try:
            walk = _Walk(self.is_secret)
            shown = walk.show(value, MOST_DEPTH)
            if not (is_secret or walk.found_secret or walk.characters > MOST_CHARACTERS):
                fields[field] = shown
            elif field == "new_value":
                fields["value_hash"] = self._hash(shown)
        except (Opaque, RecursionError, RuntimeError, TypeError, ValueError):
            return

    def _hash(self, shown: Json) -> str:
        text = json.dumps(shown, sort_keys=True, separators=(",", ":")).encode()
        return blake2b(text, digest_size=16, key=self._key).hexdigest()


def _is_plain(value: object) -> bool:
    if type(value) is int:
        return -_MOST_INTEGER < value < _MOST_INTEGER
    if type(value) is str:
        return len(value) <= MOST_CHARACTERS
    return value is None or type(value) is bool


class _Walk:
    """One examination of a value: counts what it meets, and stops past the limits."""

    def __init__(self, is_secret: Callable[[str], bool]) -> None:
        self.is_secret = is_secret
        self.found_secret = False
        self.characters = 0
        self.items = 0

    def show(self, value: object, depth: int) -> Json:
        """Return `value` as JSON; the text of exact built-in types is that of `str`."""
        self.items += 1
        if self.items > MOST_ITEMS or depth == 0:
            raise Opaque
        kind = type(value)
        if value is None or kind is bool:
            return value  # type: ignore[return-value]  # None or a bool
        shown = _SHOWN.get(kind)
        if shown is not None:
            return self._count(shown(value))
        if isinstance(value, dict) and kind is dict:
            return {self._key(key): self.show(item, depth - 1) for key, item in value.items()}
        if isinstance(value, (list, tuple)) and kind in (list, tuple):
            return [self.show(item, depth - 1) for item in value]
        if isinstance(value, (set, frozenset)) and kind in (set, frozenset):
            return sorted((self.show(item, depth - 1) for item in value), key=json.dumps)
        raise Opaque

    def _key(self, key: object) -> str:
        shown = _SHOWN.get(type(key))
        if shown is None:
            raise Opaque
        text = str(shown(key))
        self._count(text)
        if self.is_secret(text):
            self.found_secret = True
        return text

    def _count(self, shown: Json) -> Json:
        if isinstance(shown, str):
            self.characters += len(shown)
            if self.characters > MOST_HASHED_CHARACTERS:
                raise Opaque
        return shown


def _int(value: int) -> Json:
    return value if -_MOST_INTEGER < value < _MOST_INTEGER else str(value)


def _float(value: float) -> Json:
    return value if math.isfinite(value) else str(value)


_SHOWN: dict[type, Callable[[object], Json]] = {
    int: _int,  # type: ignore[dict-item]  # looked up by the exact type of the argument
    float: _float,  # type: ignore[dict-item]  # as above
    **dict.fromkeys((str, Decimal, UUID, datetime, date, time, timedelta), str),
    bytes: lambda value: value.hex(),  # type: ignore[attr-defined]  # as above
}
