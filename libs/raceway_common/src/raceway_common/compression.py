"""Compression of what is stored: zstd at level 1, which costs less than the disk it saves."""

from __future__ import annotations

import threading

import zstandard


class _Zstd(threading.local):
    """One compressor and one decompressor per thread: neither may be shared, both cost to make."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=1)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def compress(data: bytes) -> bytes:
    """Return `data` compressed, its length included."""
    return _zstd.compressor.compress(data)


def decompress(data: bytes) -> bytes:
    """Return what `compress` was given."""
    return _zstd.decompressor.decompress(data)
