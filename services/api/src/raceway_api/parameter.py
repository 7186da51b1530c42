"""Parameters that come from outside, checked. What is wrong with one is said, never guessed."""

from __future__ import annotations

from uuid import UUID

from raceway_core.errors import Rejected
from raceway_core.event import TraceId

MOST_PER_PAGE = 1000
_LAST_PAGE = 2**31


def trace_id_of(text: str) -> TraceId:
    """Return a trace's id in its one spelling.

    Raises:
        Rejected: `text` is not a UUID.
    """
    try:
        return TraceId(str(UUID(text)))
    except ValueError as error:
        raise Rejected(f"a trace id is a UUID, got {text[:60]!r}") from error


def name_of(text: str, parameter: str) -> str:
    """Return a name to look for.

    Raises:
        Rejected: No name can look like that, and databases choke on it.
    """
    if "\x00" in text:
        raise Rejected(f"{parameter}: a name has no NUL character")
    return text


def clamped(value: int, least: int, most: int) -> int:
    """Return the number nearest to `value` in `least..most`."""
    return min(max(value, least), most)


def page_window(page: int, page_size: int) -> tuple[int, int]:
    """Return page and size as they are served: whatever was asked for, there is such a page."""
    return clamped(page, 1, _LAST_PAGE), clamped(page_size, 1, MOST_PER_PAGE)
