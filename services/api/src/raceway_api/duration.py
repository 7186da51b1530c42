"""Durations as a person writes them: `90s`, `15m`, `2h`, `7d`."""

from __future__ import annotations

import re

from raceway_core.errors import Rejected

_UNITS_NS = {"s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_MOST_NS = 10_000 * _UNITS_NS["d"]


def duration_ns_of(text: str, parameter: str) -> int:
    """Return a duration in nanoseconds, 10,000 days at most.

    Raises:
        Rejected: `text` is none.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Rejected(f"{parameter}: expected a duration such as 90s, 15m, 2h or 7d, got {text[:60]!r}")
    return min(int(match[1]) * _UNITS_NS[match[2]], _MOST_NS)
