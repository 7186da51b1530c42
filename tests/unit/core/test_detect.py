"""Which format a file has: told by how it begins."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.errors import Rejected
from raceway_core.formats import shiviz
from raceway_core.formats.detect import FileFormat, detect

RACEWAY, OTLP, JAEGER = FileFormat.RACEWAY, FileFormat.OTLP, FileFormat.JAEGER
SHIVIZ, STD = FileFormat.SHIVIZ, FileFormat.STD


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"id": "1", "trace_id": "2"}', RACEWAY),
        ('{"events": [{"data": []}]}', RACEWAY),
        ('[{"id": "1"}]', RACEWAY),
        ('[\n {\n  "kind": {"Custom": {"name": "x"}}\n }\n]', RACEWAY),
        ('[\n{"metadata": {"a": 1}},\n', RACEWAY),
        ("{}", RACEWAY),
        ("{", RACEWAY),
        ('{"resourceSpans": []}', OTLP),
        ('\n {\n "resourceSpans": [', OTLP),
        ('{"resourceLogs": []}\n{"resourceSpans": []}', OTLP),
        ('{"total": 0, "errors": {"spans": 1}, "data": []}', JAEGER),
        ('{"traceID": "1", "spans": []}', JAEGER),
        ('a {"a": 1}\nhello', SHIVIZ),
        ('hello | world\na {"a": 1}', SHIVIZ),
        ('{hello}\na {"a": 1}', SHIVIZ),
        ('[INFO] hello\na {"a": 1}', SHIVIZ),
        ('one\ntwo\nthree\na {"a": 1}\nhello', SHIVIZ),
        ("T1|w(x)|1\nT1|r(x)|2", STD),
    ],
)
def test_a_file_is_known_by_its_beginning(data: str, expected: FileFormat) -> None:
    assert detect(data.encode()) is expected


@pytest.mark.parametrize("data", [b"hello\nworld", b'[INFO] [node0] {"node0": 1} hello\n'])
def test_what_is_none_is_told_what_each_begins_with(data: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        detect(data)
    assert all(f"{name.value}: " in str(caught.value) for name in FileFormat)


@given(st.binary(max_size=40) | st.text(alphabet='{}[]":,a1 |\n', max_size=40).map(str.encode))
def test_anything_has_a_format_or_is_rejected(data: bytes) -> None:
    with suppress(Rejected):
        assert detect(data) in FileFormat


@pytest.mark.parametrize(
    "hostile", ['{"' + '\\"' * 100_000, "a {" + " " * 100_000 + "}x", "a {" * 30_000, '{"a":' * 30_000]
)
def test_a_hostile_beginning_takes_linear_time(hostile: str) -> None:
    with suppress(Rejected):
        detect(hostile.encode())
    with suppress(Rejected):
        shiviz.read(hostile.encode())
