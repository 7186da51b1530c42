"""Cursors: where a page ended, as an opaque word that the next request hands back.

The word is not signed: whoever makes one up gets a page that begins elsewhere, nothing more. What
does not decode to a place in the list is refused.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import TypeVar

import msgspec

from raceway_core.errors import Rejected

MOST_CHARACTERS = 512
_INT64 = 2**63

Cursor = TypeVar("Cursor", bound=msgspec.Struct)


def write_cursor(cursor: msgspec.Struct) -> str:
    """Return the word for `cursor`."""
    return urlsafe_b64encode(msgspec.msgpack.encode(cursor)).rstrip(b"=").decode()


def read_cursor(word: str, kind: type[Cursor]) -> Cursor:
    """Return the cursor that `word` stands for.

    Raises:
        Rejected: It is none of this list's.
    """
    refusal = Rejected("cursor: not one that this list gave out; leave it out to begin at the start")
    if len(word) > MOST_CHARACTERS or not word.isascii():
        raise refusal
    try:
        padded = word + "=" * (-len(word) % 4)
        cursor = msgspec.msgpack.decode(urlsafe_b64decode(padded), type=kind)
    except (Base64Error, msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise refusal from error
    if not all(_is_storable(value) for value in msgspec.structs.astuple(cursor)):
        raise refusal
    return cursor


def _is_storable(value: object) -> bool:
    if isinstance(value, int):
        return -_INT64 <= value < _INT64
    return not isinstance(value, str) or "\x00" not in value
