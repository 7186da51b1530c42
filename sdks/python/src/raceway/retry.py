"""When to try again: exponential backoff with full jitter, and what the server asks for.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015 (full jitter).
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRYABLE = frozenset({429, 502, 503, 504})
FIRST_S = 0.1
MOST_S = 5.0
MOST_ASKED_S = 30.0


def pause(attempt: int, asked_s: float | None, chance: float) -> float:
    """Return how long to wait before attempt `attempt + 1`, in seconds.

    Args:
        attempt: How many attempts failed so far, from 1.
        asked_s: The server's Retry-After; the wait is at least that, at most 30 s.
        chance: A random number, 0 <= chance < 1.
    """
    jittered = chance * min(MOST_S, FIRST_S * 2.0 ** min(attempt, 10))
    return min(asked_s, MOST_ASKED_S) + jittered if asked_s else jittered


def retry_after_s(header: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, seconds or a date; None if there is none that can be read."""
    if not header:
        return None
    text = header.strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
