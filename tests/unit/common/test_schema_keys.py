from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from raceway_common.schema.keys import key_of


@given(st.lists(st.text(max_size=4), max_size=3), st.lists(st.text(max_size=4), max_size=3))
def test_only_equal_names_share_a_key(left: list[str], right: list[str]) -> None:
    assert (key_of(*left) == key_of(*right)) == (left == right)
    assert len(key_of(*left)) == 16


def test_keys_do_not_change_between_releases() -> None:
    """They are stored: another function would make strangers of all that is there."""
    assert key_of("balance", "global").hex() == "83a3da0330fda5e5700679a3d8ee1139"
