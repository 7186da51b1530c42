"""What a file on the command line holds: its bytes in pieces, unpacked where they are gzip.

`-` is standard input. A file is told to be gzip by its first bytes, whatever it is called.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, NamedTuple

import click

from raceway_core.errors import Rejected

STANDARD_INPUT = "-"

_PIECE_BYTES = 1 << 18
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = zlib.MAX_WBITS | 16


class Opened(NamedTuple):
    """A file being read. `size` is None where it cannot be known; `pieces` are as they are stored."""

    name: str
    size: int | None
    pieces: Iterator[bytes]


@contextmanager
def opened(file: str) -> Iterator[Opened]:
    """Open a file.

    Raises:
        Rejected: It cannot be opened, or reading it fails; the message names it.
    """
    name = "<stdin>" if file == STANDARD_INPUT else file
    try:
        with click.open_file(file, "rb") as stream:
            yield Opened(name, _size(stream), _pieces(stream))
    except OSError as error:
        raise Rejected(f"{name}: cannot be read: {error.strerror or error}") from error


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes that are packed in gzip, or just those that come.

    Raises:
        Rejected: They begin as gzip does and go on otherwise, or end too early.
    """
    stored = iter(pieces)
    first = b""
    while len(first) < len(_GZIP) and (piece := next(stored, None)) is not None:
        first += piece
    both = chain((first,), stored)
    return _unpacked(both) if first.startswith(_GZIP) else both


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack one member after another; zeros after a member are padding."""
    machine = zlib.decompressobj(_GZIP_WINDOW)
    taken = 0
    for piece in pieces:
        taken += len(piece)
        left = piece.lstrip(b"\0") if machine.eof else piece
        while left:
            machine = zlib.decompressobj(_GZIP_WINDOW) if machine.eof else machine
            try:
                yield machine.decompress(left, _PIECE_BYTES)
            except zlib.error as error:
                raise Rejected(f"expected gzip data, found others before byte {taken}: {error}") from error
            left = machine.unused_data.lstrip(b"\0") if machine.eof else machine.unconsumed_tail
    if not machine.eof:
        raise Rejected(f"expected the end of the gzip data, found that of the file after {taken} bytes")


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(_PIECE_BYTES):
        yield piece


def _size(stream: IO[bytes]) -> int | None:
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None  # not a file of the system
    return status.st_size if stat.S_ISREG(status.st_mode) else None
