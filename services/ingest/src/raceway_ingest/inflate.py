"""Compressed bodies, unpacked no further than allowed.

A few kilobytes may unpack to gigabytes ("zip bomb"), so the input goes in by small slices: what one
slice can unpack to is the most that is held beyond the limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

import zstandard

from raceway_common.errors import TooLarge, UnsupportedMedia
from raceway_core.errors import Rejected

SLICE_BYTES = 512
"""zstd repeats a block of 128 KiB in 4 bytes, so a slice unpacks to at most 16 MiB."""

MOST_WINDOW_BYTES = 2**25
"""What a zstd frame may make its reader keep; every level up to 19 needs less."""


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip_stream() -> _Stream:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _zstd_stream() -> _Stream:
    return zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW_BYTES).decompressobj()


_STREAMS: Mapping[str, Callable[[], _Stream]] = {
    "gzip": _gzip_stream,
    "x-gzip": _gzip_stream,
    "zstd": _zstd_stream,
}


def inflate(body: bytes, encoding: str, *, most_bytes: int) -> bytes:
    """Return `body` without its `Content-Encoding`. Empty and `identity` are none.

    Raises:
        UnsupportedMedia: The encoding is none of those listed in the message.
        TooLarge: It unpacks to more than `most_bytes`.
        Rejected: It is damaged or ends too early.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return body
    if name not in _STREAMS:
        raise UnsupportedMedia(
            f"Content-Encoding {encoding[:40]!r} is not understood; send gzip, zstd or none"
        )
    try:
        return _unpacked(body, _STREAMS[name], most_bytes)
    except (zlib.error, zstandard.ZstdError) as error:
        raise Rejected(f"the body is not {name}: {error}") from error


def _unpacked(body: bytes, open_stream: Callable[[], _Stream], most_bytes: int) -> bytes:
    stream = open_stream()
    unpacked = bytearray()
    for start in range(0, len(body), SLICE_BYTES):
        piece = body[start : start + SLICE_BYTES]
        while piece:
            if stream.eof:  # both formats may be several frames, one after the other
                stream = open_stream()
            unpacked += stream.decompress(piece)
            piece = stream.unused_data if stream.eof else b""
            if len(unpacked) > most_bytes:
                raise TooLarge(f"the body unpacks to more than {most_bytes} bytes; send smaller batches")
    if not stream.eof:
        raise Rejected(f"the compressed body ends too early, after {len(body)} bytes")
    return bytes(unpacked)
