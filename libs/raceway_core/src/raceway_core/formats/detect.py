"""Which format a file has, and its reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from raceway_core.errors import Rejected
from raceway_core.event import Event
from raceway_core.formats import history, raceway, std


class FileFormat(Enum):
    """The formats that can be read."""

    RACEWAY = "raceway"
    STD = "std"
    HISTORY = "history"


class Format(NamedTuple):
    """A format of events; `has_time` tells whether its events carry wall time and clocks of their own."""

    read: Callable[[bytes], list[Event]]
    has_time: bool
    expected: str


FORMATS = {
    FileFormat.RACEWAY: Format(raceway.read, has_time=True, expected=raceway.EXPECTED),
    FileFormat.STD: Format(std.read, has_time=False, expected=std.EXPECTED),
}

"""The formats of events; a history has transactions instead."""

_EXPECTED = {
    **{file_format: format_.expected for file_format, format_ in FORMATS.items()},
    FileFormat.HISTORY: history.EXPECTED,
}

_HISTORY = re.compile(rb'\{(?:\s*"[^"]*"\s*:\s*(?:"[^"]*"|[\w.+-]+)\s*,)*\s*"sessions"\s*:')
"""`sessions` is the first key that is not simply a word or a number."""


def detect(data: bytes) -> FileFormat:
    """Return the format that a file's beginning shows.

    Raises:
        Rejected: It shows none; the message says what each format begins with.
    """
    if _HISTORY.match(data.lstrip()):
        return FileFormat.HISTORY
    start = data.lstrip()[:1]
    if start in {b"{", b"["}:
        return FileFormat.RACEWAY
    if b"|" in data.lstrip().split(b"\n", 1)[0]:
        return FileFormat.STD
    expected = "; ".join(f"{name.value}: {text}" for name, text in _EXPECTED.items())
    raise Rejected(f"line 1: the format is not recognised; expected {expected}. Name it with --format")
