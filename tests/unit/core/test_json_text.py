"""JSON texts: documents of a file, and the line of what is wrong in them."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.errors import Rejected
from raceway_core.formats.json_text import Document, decode, documents, keys
from raceway_core.formats.text import text_of

PRETTY = b'\n{\n "a": [1, {"b":\n  "x, ]"},\n  {"\\"c": 3}\n ],\n "d": {}\n}\n'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PRETTY, [2]),
        (b'{"a":1}', [1]),
        (b'{"a":1}\n\n{"a":2}\n', [1, 3]),
        (b'\n{"a":1}\n{"a"', [2, 3]),
        (b"", [1]),
    ],
)
def test_a_file_is_one_document_or_one_a_line(data: bytes, expected: list[int]) -> None:
    assert [document.line for document in documents(text_of(data))] == expected


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a", 3),
        ("a[0]", 3),
        ("a[1]", 3),
        ("a[1].b", 4),
        ("a[2]", 5),
        ("d", 7),
        ("a[9].b", 3),
        ("d.e", 7),
        ("", 2),
    ],
)
def test_a_path_is_on_its_line_or_on_that_of_what_there_is_of_it(path: str, line: int) -> None:
    (document,) = documents(text_of(PRETTY))
    assert document.line_of(path) == line


@given(st.recursive(st.integers() | st.text() | st.none(), lambda inner: st.dictionaries(st.text(), inner)))
def test_keys_are_those_of_the_object(value: object) -> None:
    expected = list(value) if isinstance(value, dict) else []
    assert [json.loads(f'"{key}"') for key in keys(json.dumps(value).encode())] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a":1,\n"b":}', "line 8: expected numbers: JSON is malformed"),
        (b'{"a":1,\n\n"b":"x"}', "line 9: expected numbers: Expected `int`, got `str` - at"),
        (b'{"a":1,\n\n', "line 9: expected numbers: Input data was truncated"),
        (b'{"a":1,"b":\xff}', "line 7: expected numbers: "),
        (b'{"z":' + b"[" * 100_000, "line 7: expected numbers: nested too deeply"),
    ],
)
def test_what_does_not_decode_is_told_with_its_line(text: bytes, message: str) -> None:
    decoder = msgspec.json.Decoder(msgspec.defstruct("Numbers", [("a", int), ("b", int)]))
    with pytest.raises(Rejected) as caught:
        decode(Document(7, text), decoder, "numbers")
    assert str(caught.value).startswith(message)
