"""Bodies on their way through NATS."""

from __future__ import annotations

import pytest

from raceway_common.adapters.jetstream_bus.body import pack, unpack


@pytest.mark.parametrize("body", [b"", b"short", b"long enough to shrink " * 1000, bytes(range(256)) * 4])
def test_what_is_packed_comes_back(body: bytes) -> None:
    data, headers = pack(body)
    assert unpack(data, headers) == body
    assert len(data) <= len(body)


def test_plain_bytes_pass() -> None:
    assert unpack(b"plain", None) == b"plain"
    assert unpack(b"plain", {"Nats-Msg-Id": "k"}) == b"plain"


def test_torn_body_comes_back_as_it_is() -> None:
    data, headers = pack(b"long enough to shrink " * 1000)
    assert unpack(data[:-5], headers) == data[:-5]
