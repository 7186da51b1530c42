"""Codes of values: as different as the values are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from raceway_core.value import UNKNOWN, ValueKey, code_of


@given(st.lists(st.text(max_size=12), unique=True, max_size=30))
def test_codes_tell_values_apart(keys: list[str]) -> None:
    codes = [code_of(ValueKey(key)) for key in keys]
    assert len(set(codes)) == len(codes)
    assert all(0 <= code < 2**63 for code in codes)


def test_an_unknown_value_has_the_code_0() -> None:
    assert code_of(UNKNOWN) == 0
