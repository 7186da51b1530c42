"""Which format a file has, and its reader."""

from __future__ import annotations

import re
from enum import Enum

from raceway_core.errors import Rejected
from raceway_core.formats import history, jaeger, otlp, raceway, shiviz, std
from raceway_core.formats.json_text import keys
from raceway_core.formats.reading import Format, Read, Reading, events_only
from raceway_core.formats.shiviz_pattern import entries_of


class FileFormat(Enum):
    """The formats that can be read."""

    RACEWAY = "raceway"
    OTLP = "otlp"
    JAEGER = "jaeger"
    SHIVIZ = "shiviz"
    STD = "std"
    HISTORY = "history"


def _shiviz_reader(pattern: str | None) -> Read:
    read = shiviz.reader(pattern)
    return lambda text: Reading(*read(text))


def _std_reader(_pattern: str | None) -> Read:
    read = std.reader()
    return lambda text: Reading(*read(text))


FORMATS = {
    FileFormat.RACEWAY: Format(events_only(raceway.reader), raceway.EXPECTED),
    FileFormat.OTLP: Format(events_only(otlp.reader), otlp.EXPECTED),
    FileFormat.JAEGER: Format(events_only(jaeger.reader), jaeger.EXPECTED),
    FileFormat.SHIVIZ: Format(
        _shiviz_reader, shiviz.EXPECTED, has_time=False, issue_of=shiviz.issue_in_words
    ),
    FileFormat.STD: Format(
        _std_reader, std.EXPECTED, has_time=False, has_clocks=False, issue_of=lambda issue: issue
    ),
}
"""The formats of events; a history has transactions instead."""

_EXPECTED = {
    **{file_format: format_.expected for file_format, format_ in FORMATS.items()},
    FileFormat.HISTORY: history.EXPECTED,
}

_BY_KEY = {
    **dict.fromkeys(otlp.SIGNALS, FileFormat.OTLP),
    "data": FileFormat.JAEGER,
    "spans": FileFormat.JAEGER,
    "sessions": FileFormat.HISTORY,
    "events": FileFormat.RACEWAY,
    "trace_id": FileFormat.RACEWAY,
    "kind": FileFormat.RACEWAY,
}
"""By which key an object's format is known: the first of these that it has."""

_EVENTS = re.compile(rb"\{|\[\s*[{\]]")
_START_BYTES = 65_536
HEAD_BYTES = 1 << 20
"""So much of a file is enough to tell its format."""

_FIRST_LINES = 40


def detect(data: bytes) -> FileFormat:
    """Return the format that a file's beginning, `HEAD_BYTES` of it or all, shows.

    Raises:
        Rejected: It shows none; the message says what each format begins with.
    """
    text = data.lstrip()
    if text[:1] == b"{" and (known := next((key for key in keys(text) if key in _BY_KEY), None)):
        return _BY_KEY[known]
    lines = [line for line in text[:_START_BYTES].decode(errors="replace").split("\n") if line.strip()]
    if _has_clock(lines[:2]):
        return FileFormat.SHIVIZ
    if _EVENTS.match(text):
        return FileFormat.RACEWAY
    if lines and "|" in lines[0]:
        return FileFormat.STD
    if _has_clock(lines[:_FIRST_LINES]):
        return FileFormat.SHIVIZ
    expected = "; ".join(f"{name.value}: {text}" for name, text in _EXPECTED.items())
    raise Rejected(f"line 1: the format is not recognised; expected {expected}. Name it with --format")


def _has_clock(lines: list[str]) -> bool:
    return bool(entries_of(lines).entries)
