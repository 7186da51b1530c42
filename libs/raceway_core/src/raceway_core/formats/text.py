"""The text of a file as it comes: a glance at its beginning, then its lines or what is left of it.

A file can be larger than what is worth keeping of it, so each part of a text is taken once and then
forgotten, and at no time is a part of it there twice. The bytes come in pieces of any size.
"""

from __future__ import annotations

import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import NamedTuple

from raceway_core.errors import Rejected

_INK = re.compile(rb"\S")


class Line(NamedTuple):
    """A line without its end; the first has number 1."""

    number: int
    text: bytes

    def decoded(self) -> str:
        """Return the line as text.

        Raises:
            Rejected: It is not UTF-8; the message names the line.
        """
        try:
            return self.text.decode()
        except UnicodeDecodeError as error:
            broken = self.text[error.start]
            raise Rejected(f"line {self.number}: expected UTF-8 text, found byte 0x{broken:02x}") from error


class Text:
    """A file's bytes without its byte order mark, taken from front to back.

    `number` is that of the line that begins with the next byte.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0
        self._piece = self.head(len(BOM_UTF8)).removeprefix(BOM_UTF8)
        self.number = 1

    def head(self, size: int) -> bytes:
        """Return `size` bytes of what was not taken yet, or more, or all there are. Takes nothing."""
        known = len(self._piece) - self._at
        following = next(self._pieces, None) if known < size else None
        if following is None:
            self._piece, self._at = self._piece[self._at :], 0
            return self._piece
        buffer = BytesIO()  # grows in place, and gives its own bytes away
        buffer.write(memoryview(self._piece)[self._at :])
        self._piece, self._at = b"", 0
        buffer.write(following)
        while buffer.tell() < size and (following := next(self._pieces, None)) is not None:
            buffer.write(following)
        self._piece = buffer.getvalue()
        return self._piece

    def lines(self) -> Iterator[Line]:
        """Take line by line. Time: O(n), however long the lines and the pieces."""
        while (end := self._end_of_line()) > self._at or end < len(self._piece):
            line = Line(self.number, self._piece[self._at : end])
            self._pass(end)
            yield line

    def rest(self) -> bytes:
        """Take all that is left."""
        taken, self._piece = self.head(sys.maxsize), b""
        return taken

    def first_line(self) -> memoryview:
        """Return the first line that is not blank, from its first sign on. Takes the blank ones before it."""
        while True:
            end = self._end_of_line()
            ink = _INK.search(self._piece, self._at, end)
            if ink or end == len(self._piece):
                return memoryview(self._piece)[ink.start() if ink else end : end]
            self._pass(end)

    def ends_with_line(self) -> bool:
        """Tell whether only blank lines follow the next one. Takes nothing."""
        size = self._end_of_line() - self._at
        while not _INK.search(self._piece, self._at + size):
            known = len(self._piece) - self._at
            if len(self.head(2 * known + 1)) == known:
                return True
        return False

    def _end_of_line(self) -> int:
        while (end := self._piece.find(b"\n", self._at)) < 0:
            known = len(self._piece) - self._at
            if len(self.head(2 * known + 1)) == known:
                return known
        return end

    def _pass(self, end: int) -> None:
        self._at = min(end + 1, len(self._piece))
        self.number += 1


def text_of(data: bytes) -> Text:
    """Return the text of a file that is at hand as a whole."""
    return Text((data,))
