"""Elements of an array, without decoding them."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.json_array import elements

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(alphabet='a,[]{}":\\ é', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(VALUES, max_size=5), st.integers(0, 2))
def test_they_are_those_of_the_decoder(values: list[Any], indent: int) -> None:
    text = msgspec.json.encode(values)
    text = msgspec.json.format(text, indent=indent) if indent else text

    assert [msgspec.json.decode(element) for element in elements(text)] == values


@pytest.mark.parametrize("text", [b"[]", b"[ ]", b"[\n\t]"])
def test_an_empty_array_has_none(text: bytes) -> None:
    assert list(elements(text)) == []


def test_what_is_not_asked_for_is_not_read() -> None:
    assert list(islice(elements(b"[" + b"0," * 10_000_000), 3)) == [b"0"] * 3
