"""Wall-clock stamps as integers: nanoseconds since the Unix epoch, without loss.

RFC 3339 allows any number of fraction digits; `datetime` keeps six. The whole seconds therefore go
through `datetime`, remembered per second because stamps come in bursts, and the fraction through
plain integer arithmetic.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from raceway_core.errors import Rejected

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:?\d\d)", re.ASCII)
_NS = 1_000_000_000


def parse_time(text: str) -> int:
    """Return nanoseconds since the epoch of an RFC 3339 stamp or a decimal string of them.

    Digits beyond the nanosecond are cut off.

    Raises:
        Rejected: `text` is neither; the message says what was expected.
    """
    if match := _STAMP.fullmatch(text):
        date, clock, fraction, offset = match.groups()
        return _whole_seconds(date, clock, offset) * _NS + int(((fraction or "") + "000000000")[:9])
    if len(text) < 20 and text.isascii() and text.removeprefix("-").isdigit():
        return int(text)
    raise Rejected(
        f"expected an RFC 3339 time with an offset or nanoseconds since the epoch, got {text[:40]!r}"
    )


def format_time(time_ns: int) -> str:
    """Return `time_ns` as RFC 3339 in UTC with nine fraction digits."""
    seconds, fraction = divmod(time_ns, _NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


@lru_cache(maxsize=4096)
def _whole_seconds(date: str, clock: str, offset: str) -> int:
    # A leap second has no place on the epoch's scale; it counts as the second after it.
    leap = clock.endswith(":60")
    text = f"{date}T{clock[:6] + '59' if leap else clock}{'+00:00' if offset in 'Zz' else offset}"
    try:
        return int(datetime.fromisoformat(text).timestamp()) + leap
    except ValueError as error:
        raise Rejected(f"not a time that exists: {date}T{clock}{offset} ({error})") from error
