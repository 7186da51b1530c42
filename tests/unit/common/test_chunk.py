from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_common.chunk import events_in, join_arrays
from raceway_common.compression import compress
from raceway_core.errors import Rejected


@given(st.lists(st.lists(st.integers() | st.text(max_size=3), max_size=40), min_size=1, max_size=5))
def test_joined_arrays_read_as_one(parts: list[list[int | str]]) -> None:
    parts = [[item for item in part if isinstance(item, str) or abs(item) < 2**63] for part in parts]
    joined = join_arrays([msgspec.msgpack.encode(part) for part in parts])
    assert msgspec.msgpack.decode(joined) == [item for part in parts for item in part]


@pytest.mark.parametrize("length", [0, 15, 16, 65_535, 65_536])
def test_every_header_of_an_array_is_understood(length: int) -> None:
    joined = join_arrays([msgspec.Raw(msgspec.msgpack.encode([7] * length)), b"\x91\x08"])
    assert msgspec.msgpack.decode(joined) == [7] * length + [8]


@pytest.mark.parametrize("broken", [b"", b"\x07", b"\x81\x01\x02", b"\xdc\x00", b"\xdd\x00\x00\x00"])
def test_what_is_no_array_is_rejected(broken: bytes) -> None:
    with pytest.raises(Rejected, match="not a msgpack array"):
        join_arrays([b"\x90", broken])


@pytest.mark.parametrize("chunk", [b"", b"not compressed", compress(b"no events"), compress(b"\x92\x01")])
def test_a_chunk_that_was_damaged_is_told_apart(chunk: bytes) -> None:
    with pytest.raises(Rejected, match="stored events cannot be read"):
        events_in([chunk])
