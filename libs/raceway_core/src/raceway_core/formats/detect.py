"""Which format a file has, and its reader."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from raceway_core.errors import Rejected
from raceway_core.event import Event
from raceway_core.formats import raceway, std


class FileFormat(Enum):
    """The formats that can be read."""

    RACEWAY = "raceway"
    STD = "std"


class Format(NamedTuple):
    """`has_time` tells whether its events carry wall time and clocks of their own."""

    read: Callable[[bytes], list[Event]]
    has_time: bool
    expected: str


FORMATS = {
    FileFormat.RACEWAY: Format(raceway.read, has_time=True, expected=raceway.EXPECTED),
    FileFormat.STD: Format(std.read, has_time=False, expected=std.EXPECTED),
}


def detect(data: bytes) -> FileFormat:
    """Return the format that a file's beginning shows.

    Raises:
        Rejected: It shows none; the message says what each format begins with.
    """
    start = data.lstrip()[:1]
    if start in {b"{", b"["}:
        return FileFormat.RACEWAY
    if b"|" in data.lstrip().split(b"\n", 1)[0]:
        return FileFormat.STD
    expected = "; ".join(f"{name.value}: {format_.expected}" for name, format_ in FORMATS.items())
    raise Rejected(f"line 1: the format is not recognised; expected {expected}. Name it with --format")
