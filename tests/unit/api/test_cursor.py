"""Cursors come back as they went out, and nothing else comes back."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_api.cursor import MOST_CHARACTERS, read_cursor, write_cursor
from raceway_common.ports.finding_store import FindingCursor
from raceway_core.errors import Rejected

INT64 = st.integers(-(2**63), 2**63 - 1)
PRINTED = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=40)


@given(st.builds(FindingCursor, INT64, st.booleans(), INT64, INT64, PRINTED))
def test_a_cursor_survives_the_journey(cursor: FindingCursor) -> None:
    word = write_cursor(cursor)
    assert word.isascii()
    assert len(word) <= MOST_CHARACTERS
    assert read_cursor(word, FindingCursor) == cursor


@given(st.text() | st.binary().map(lambda data: urlsafe_b64encode(data).decode()))
def test_any_other_word_is_refused_or_a_place_in_the_list(word: str) -> None:
    try:
        cursor = read_cursor(word, FindingCursor)
    except Rejected:
        return
    assert all(-(2**63) <= number < 2**63 for number in (cursor.verdict_rank, cursor.nearest_ns))


@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_a_number_that_no_database_holds_is_refused(number: int) -> None:
    word = urlsafe_b64encode(msgspec.msgpack.encode([0, False, 0, number, ""])).decode()
    with pytest.raises(Rejected, match="cursor: "):
        read_cursor(word, FindingCursor)
