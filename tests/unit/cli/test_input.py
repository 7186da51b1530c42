"""Files as they are stored: packed or not, whole or not."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_cli.input import opened, unpacked
from raceway_core.errors import Rejected


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_packed_bytes_come_out_as_they_went_in(data: bytes, size: int) -> None:
    assert b"".join(unpacked(_cut(gzip.compress(data), size))) == data


@given(st.binary(max_size=60), st.integers(1, 50))
def test_other_bytes_come_out_as_they_are(data: bytes, size: int) -> None:
    plain = b"{" + data
    assert b"".join(unpacked(_cut(plain, size))) == plain


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_members_follow_one_another_and_may_be_padded(size: int) -> None:
    packed = gzip.compress(b"one") + gzip.compress(b"two") + bytes(20)
    assert b"".join(unpacked(_cut(packed, size))) == b"onetwo"


@pytest.mark.parametrize(
    ("packed", "message"),
    [
        (gzip.compress(b"events" * 100)[:-9], "expected the end of the gzip data"),
        (b"\x1f\x8b", "expected the end of the gzip data"),
        (b"\x1f\x8bnonsense", "expected gzip data"),
        (gzip.compress(b"events") + b"nonsense", "expected gzip data"),
    ],
)
def test_broken_gzip_is_told(packed: bytes, message: str) -> None:
    with pytest.raises(Rejected, match=message):
        list(unpacked([packed]))


def test_what_unpacks_to_much_comes_in_pieces() -> None:
    packed = gzip.compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        assert sum(map(len, unpacked([packed]))) == 100_000_000
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(Rejected, match=f"^{path}: cannot be read: "), opened(str(path)) as file:
            list(file.pieces)
