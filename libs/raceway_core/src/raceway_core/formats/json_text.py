"""JSON documents of a file: where each begins, how it decodes, and on which line something is wrong.

A file is one document, however it is laid out, or one document a line. What decodes is read by
msgspec; only for what does not is the text searched for the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import msgspec

from raceway_core.errors import Rejected
from raceway_core.formats.text import Text

T = TypeVar("T")

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{\]},:]', re.DOTALL)
"""A string that never ends is one to the end of the text, so that no byte is read twice."""
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]")
_BYTE = re.compile(r" \(byte (\d+)\)$")
_PATH = re.compile(r" - at `\$\.?(.*)`$")

_any = msgspec.json.Decoder(msgspec.Raw)


class Document(NamedTuple):
    """A JSON text, and the number of the line on which it begins."""

    line: int
    text: bytes

    def line_of(self, path: str) -> int:
        """Return the line of the value at a path like `spans[3].name`, or of what there is of it."""
        place = 0
        for name, index in _STEP.findall(path):
            inner = _member(self.text, place, name.encode() if name else int(index))
            if inner is None:
                break
            place = inner
        return self.line_at(place)

    def line_at(self, place: int) -> int:
        """Return the line of a byte."""
        return self.line + self.text.count(b"\n", 0, place)


def documents(text: Text) -> Iterator[Document]:
    """Take the documents of a file: one at a time, or the only one. Time: O(n)."""
    first = text.first_line()
    if text.ends_with_line() or not _is_whole(first):
        del first  # it may be all of the text
        yield Document(text.number, text.rest())
        return
    del first
    yield from (Document(*line) for line in text.lines() if line.text.strip())


def decode(document: Document, decoder: msgspec.json.Decoder[T], expected: str) -> T:
    """Return the decoded document.

    Raises:
        Rejected: It is not JSON or not what `decoder` expects; the message names the line.
    """
    try:
        return decoder.decode(document.text)
    except UnicodeDecodeError as error:
        raise Rejected(f"line {document.line}: expected {expected}: text that is not UTF-8") from error
    except RecursionError as error:
        raise Rejected(f"line {document.line}: expected {expected}: nested too deeply") from error
    except msgspec.DecodeError as error:
        raise Rejected(f"line {_line_of(document, str(error))}: expected {expected}: {error}") from error


def keys(text: bytes) -> Iterator[str]:
    """Yield the keys of the object with which a text begins, as far as it is well-formed."""
    for token, depth, is_key in _tokens(text, 0):
        if is_key and depth == 1:
            yield token.group()[1:-1].decode(errors="replace")


def _is_whole(line: memoryview) -> bool:
    try:
        _any.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _line_of(document: Document, message: str) -> int:
    if match := _BYTE.search(message):
        return document.line_at(int(match[1]))
    if match := _PATH.search(message):
        return document.line_of(match[1])
    return document.line_at(len(document.text)) if "truncated" in message else document.line


def _tokens(text: bytes, begin: int) -> Iterator[tuple[re.Match[bytes], int, bool]]:
    """Yield the tokens of the value that begins at a place: each, its depth, and whether it is a key."""
    containers: list[bytes] = []
    takes_key = False
    for token in _TOKEN.finditer(text, begin):
        sign = token.group()[:1]
        is_object = containers[-1:] == [b"{"]
        yield token, len(containers), sign == b'"' and takes_key
        if sign in b"[{":
            containers.append(sign)
        elif sign in b"]}" and containers:
            containers.pop()
        takes_key = sign == b"{" or (sign == b"," and is_object)
        if not containers:
            return


def _member(text: bytes, begin: int, step: bytes | int) -> int | None:
    """Return where a member of the object or array at `begin` begins."""
    number, is_wanted = 0, False
    for token, depth, is_key in _tokens(text, begin):
        sign = token.group()
        if depth == 0 and sign == b"[" and step == 0:
            return _skip_space(text, token.end())
        if depth != 1:
            continue
        if is_key:
            is_wanted = sign[1:-1] == step
        elif sign == b":" and is_wanted:
            return _skip_space(text, token.end())
        elif sign == b"," and type(step) is int:
            number += 1
            if number == step:
                return _skip_space(text, token.end())
    return None


def _skip_space(text: bytes, place: int) -> int:
    return place + len(text[place : place + 4096]) - len(text[place : place + 4096].lstrip())
