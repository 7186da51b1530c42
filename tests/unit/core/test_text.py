"""Texts in pieces: whatever the pieces, the lines and the rest are those of the whole."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.errors import Rejected
from raceway_core.formats.text import Line, Text, text_of

PIECES = st.lists(st.binary(max_size=12) | st.text("ab \n", max_size=12).map(str.encode), max_size=8)


def _lines(data: bytes) -> list[Line]:
    lines = data.split(b"\n")
    if not lines[-1]:
        del lines[-1]
    return [Line(number, text) for number, text in enumerate(lines, start=1)]


@given(PIECES)
def test_lines_do_not_depend_on_the_pieces(pieces: list[bytes]) -> None:
    assert list(Text(pieces).lines()) == _lines(b"".join(pieces).removeprefix(b"\xef\xbb\xbf"))


@given(PIECES, st.integers(0, 5), st.integers(0, 40))
def test_the_rest_is_what_was_not_taken(pieces: list[bytes], taken: int, head: int) -> None:
    whole = b"".join(pieces).removeprefix(b"\xef\xbb\xbf")
    text = Text(pieces)
    lines = text.lines()
    before = [line for line in (next(lines, None) for _ in range(taken)) if line]
    left = b"\n".join(whole.split(b"\n")[len(before) :])
    assert text.head(head)[:head] == left[:head]
    assert (text.number, text.rest(), text.rest()) == (len(before) + 1, left, b"")


@given(PIECES)
def test_a_glance_at_the_first_line_takes_only_blank_ones(pieces: list[bytes]) -> None:
    lines = _lines(b"".join(pieces).removeprefix(b"\xef\xbb\xbf"))
    written = [line for line in lines if line.text.strip()]
    text = Text(pieces)
    first = bytes(text.first_line())
    assert text.ends_with_line() is (len(written) <= 1)
    if written:
        assert (text.number, first) == (written[0].number, written[0].text.lstrip())
        assert [line for line in text.lines() if line.text.strip()] == written


def test_a_byte_order_mark_is_no_text() -> None:
    assert Text([b"\xef", b"\xbb\xbfa"]).rest() == b"a"


def test_what_is_no_text_is_told_by_its_line() -> None:
    *_, last = text_of(b"good\nb\xff").lines()
    with pytest.raises(Rejected, match="line 2: expected UTF-8 text, found byte 0xff"):
        last.decoded()


def test_lines_take_the_memory_of_a_piece_not_of_the_text() -> None:
    pieces = (b"x" * 99 + b"\n" for _ in range(200_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in Text(pieces).lines()) == 200_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_the_rest_is_there_once() -> None:
    size, count = 1 << 16, 400
    tracemalloc.start()
    try:
        assert len(Text(bytes(size) for _ in range(count)).rest()) == size * count
        assert tracemalloc.get_traced_memory()[1] < 1.4 * size * count
    finally:
        tracemalloc.stop()


def test_a_long_line_of_many_pieces_takes_linear_time() -> None:
    [line] = Text(b"y" * 64 for _ in range(200_000)).lines()
    assert len(line.text) == 64 * 200_000
