"""Unpacking within limits."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from raceway_common.errors import TooLarge
from raceway_core.errors import Rejected
from raceway_ingest.inflate import inflate

PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [("gzip", gzip.compress), ("zstd", zstandard.compress)]
each_packer = pytest.mark.parametrize(("name", "pack"), PACKERS)
MOST = 1 << 20


@each_packer
def test_a_bomb_is_not_unpacked(name: str, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"\0" * (256 << 20))
    tracemalloc.start()
    with pytest.raises(TooLarge, match=f"more than {MOST} bytes"):
        inflate(bomb, name, most_bytes=MOST)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak_bytes < 64 << 20


def test_a_window_of_gigabytes_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    frame = compressor.compress(b"x" * 1000) + compressor.flush()

    with pytest.raises(Rejected, match="not zstd"):
        inflate(frame, "zstd", most_bytes=MOST)


@each_packer
def test_exactly_the_limit_fits(name: str, pack: Callable[[bytes], bytes]) -> None:
    assert inflate(pack(b"x" * 1000), name, most_bytes=1000) == b"x" * 1000
    with pytest.raises(TooLarge):
        inflate(pack(b"x" * 1001), name, most_bytes=1000)


@each_packer
@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=3))
def test_frames_follow_one_another(name: str, pack: Callable[[bytes], bytes], texts: list[bytes]) -> None:
    assert inflate(b"".join(map(pack, texts)), name, most_bytes=MOST) == b"".join(texts)


@each_packer
@given(st.binary(min_size=1, max_size=500), st.integers(1, 1000), st.binary(max_size=2))
def test_damage_is_refused_or_harmless(
    name: str, pack: Callable[[bytes], bytes], text: bytes, cut: int, junk: bytes
) -> None:
    packed = pack(text)
    try:
        unpacked = inflate(packed[: cut % len(packed)] + junk, name, most_bytes=MOST)
    except Rejected:
        return
    assert len(unpacked) <= MOST
