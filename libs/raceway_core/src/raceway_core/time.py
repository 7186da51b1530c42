"""Wall-clock stamps as integers: nanoseconds since the Unix epoch, without loss.

RFC 3339 allows any number of fraction digits; `datetime` keeps six. The whole seconds therefore go
through `datetime`, remembered per second because stamps come in bursts, and the fraction through
plain integer arithmetic.

Stamps of one batch are mostly written alike, so `parse_times` checks their *shapes*, the stamps with
each digit replaced by 0, of which there are few, and then only has to slice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from raceway_core.errors import Rejected

FIRST_NS = -(2**63)
LAST_NS = 2**63 - 1
"""Times are kept as 64-bit integers: from the year 1677 to the year 2262."""

_STAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.(\d+))?(Z|z|[+-]\d\d:?\d\d)", re.ASCII)
_NS = 1_000_000_000
_TO_SHAPE = str.maketrans("123456789", "000000000")


def parse_time(text: str) -> int:
    """Return nanoseconds since the epoch of an RFC 3339 stamp or a decimal string of them.

    Digits beyond the nanosecond are cut off.

    Raises:
        Rejected: `text` is neither, or out of range; the message says what was expected.
    """
    if match := _STAMP.fullmatch(text):
        fraction, offset = match.groups()
        time_ns = _start_of_second(text[:19] + offset) + int(((fraction or "") + "000000000")[:9])
        return _in_range(time_ns, text)
    if len(text) <= 20 and text.isascii() and text.removeprefix("-").isdigit():
        return _in_range(int(text), text)
    raise Rejected(
        f"expected an RFC 3339 time with an offset or nanoseconds since the epoch, got {text[:40]!r}"
    )


def parse_times(stamps: Sequence[int | str]) -> list[int]:
    """Return the time of each stamp, as `parse_time` does and integers as they are.

    Time: O(n), about four times as fast as one by one where the stamps are written alike.

    Raises:
        Rejected: One of them is not a time.
    """
    texts = [stamp for stamp in stamps if type(stamp) is str]
    offset = _common_offset(texts) if len(texts) == len(stamps) else ""
    if not offset:
        return [stamp if type(stamp) is int else parse_time(str(stamp)) for stamp in stamps]
    starts = {second: _start_of_second(second + offset) for second in {text[:19] for text in texts}}
    end = -len(offset)
    times = [starts[text[:19]] + int((text[20:end] + "000000000")[:9]) for text in texts]
    _in_range(min(times), min(texts))
    _in_range(max(times), max(texts))
    return times


def format_time(time_ns: int) -> str:
    """Return `time_ns` as RFC 3339 in UTC with nine fraction digits."""
    seconds, fraction = divmod(time_ns, _NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def _in_range(time_ns: int, text: str) -> int:
    if FIRST_NS <= time_ns <= LAST_NS:
        return time_ns
    raise Rejected(f"expected a time from 1678 to 2261, got {text[:40]!r}")


def _common_offset(texts: Sequence[str]) -> str:
    """Return the offset of RFC 3339 stamps, empty unless all are such and have the same."""
    shapes = set("\n".join(texts).translate(_TO_SHAPE).split("\n"))
    length, *others = {_offset_length(shape) for shape in shapes}
    if others or not length:
        return ""
    offsets = {text[-length:] for text in texts}
    return offsets.pop() if len(offsets) == 1 else ""


@lru_cache(maxsize=256)
def _offset_length(shape: str) -> int:
    match = _STAMP.fullmatch(shape)
    return len(match[2]) if match else 0


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
