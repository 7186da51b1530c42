"""Wall-clock stamps as integers: nanoseconds since the Unix epoch, without loss.

RFC 3339 allows any number of fraction digits; `datetime` keeps six. The whole seconds therefore go
through `datetime`, remembered per second because stamps come in bursts, and the fraction through
plain integer arithmetic.

Stamps of one trace are mostly written alike: they have one *shape*, which is the stamp with each digit
replaced by 0. Then their order as text is their order in time, and `span_reader` parses only two of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias

from raceway_core.errors import Rejected

FIRST_NS = -(2**63)
LAST_NS = 2**63 - 1
"""Times are kept as 64-bit integers: from the year 1677 to the year 2262."""

SpanReader: TypeAlias = Callable[[Sequence[int | str]], tuple[int, int]]

_STAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.(\d+))?(Z|z|[+-]\d\d:?\d\d)", re.ASCII)
_NS = 1_000_000_000
_TO_SHAPE = str.maketrans("123456789", "000000000")


def parse_time(text: str) -> int:
    """Return nanoseconds since the epoch of an RFC 3339 stamp or a decimal string of them.

    Digits beyond the nanosecond are cut off.

    Raises:
        Rejected: `text` is neither, or out of range; the message says what was expected.
    """
    if len(text) <= 20 and text.isascii() and text.removeprefix("-").isdigit():
        return _in_range(int(text), text)
    if match := _STAMP.fullmatch(text):
        fraction, offset = match.groups()
        time_ns = _start_of_second(text[:19] + offset) + int(((fraction or "") + "000000000")[:9])
        return _in_range(time_ns, text)
    raise Rejected(
        f"expected an RFC 3339 time with an offset or nanoseconds since the epoch, got {text[:40]!r}"
    )


def span_reader(stamps: Sequence[int | str]) -> SpanReader:
    """Return a function that gives the earliest and the latest time of any of `stamps`.

    Integers are times already. Time: O(n), several times as fast as `parse_time` on each where all
    stamps are written alike, and then O(k) for k stamps each time.

    Raises:
        Rejected: One of them is not a time.
    """
    texts = [stamp for stamp in stamps if type(stamp) is str]
    if texts and len(texts) == len(stamps) and _are_alike(texts):
        parse_time(min(texts))  # the others are in range when the first and the last are
        parse_time(max(texts))
        return lambda some: (parse_time(str(min(some))), parse_time(str(max(some))))
    times = {stamp: stamp if type(stamp) is int else parse_time(str(stamp)) for stamp in stamps}
    return lambda some: (min(map(times.__getitem__, some)), max(map(times.__getitem__, some)))


def format_time(time_ns: int) -> str:
    """Return `time_ns` as RFC 3339 in UTC with nine fraction digits."""
    seconds, fraction = divmod(time_ns, _NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def _in_range(time_ns: int, text: str) -> int:
    if FIRST_NS <= time_ns <= LAST_NS:
        return time_ns
    raise Rejected(f"expected a time from 1678 to 2261, got {text[:40]!r}")


def _are_alike(texts: Sequence[str]) -> bool:
    """Tell whether all are stamps of one kind whose order as text is that of the times.

    That is so for decimal strings of one length, and for RFC 3339 when they have one shape and one
    offset, leap seconds aside. Their range is not looked at.

    Raises:
        Rejected: One of them is a time that does not exist.
    """
    shape = texts[0].translate(_TO_SHAPE)
    if "\n".join(texts).translate(_TO_SHAPE) != "\n".join([shape] * len(texts)):
        return False
    if not shape.strip("0"):
        return True
    match = _STAMP.fullmatch(shape)
    if match is None:
        return False
    offset = texts[0][match.start(2) :]
    if len(offset) > 1 and any(not text.endswith(offset) for text in texts):
        return False
    seconds = {text[:19] for text in texts}
    for second in seconds:
        _start_of_second(second + offset)
    return not any(second.endswith(":60") for second in seconds)


@lru_cache(maxsize=4096)
def _start_of_second(stamp: str) -> int:
    """Return the nanoseconds at which the second begins that `stamp`, without fraction, names."""
    # A leap second has no place on the epoch's scale; it counts as the second after it.
    leap = stamp[17:19] == "60"
    text = f"{stamp[:10]}T{stamp[11:17]}{'59' if leap else stamp[17:19]}{stamp[19:]}".upper()
    try:
        return (int(datetime.fromisoformat(text).timestamp()) + leap) * _NS
    except (ValueError, OverflowError) as error:
        raise Rejected(f"not a time that exists: {stamp} ({error})") from error
