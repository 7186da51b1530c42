"""Ids that may be written in several ways: one id is always given back as it was spelled first.

Readers spell the spans of a document before the references to them, so a span keeps its own spelling.
"""

from __future__ import annotations

from collections.abc import Callable


class Spelling:
    """Remembers spellings. `plain` brings an id into the form in which equal ids are equal."""

    def __init__(self, plain: Callable[[str], str]) -> None:
        self._plain = plain
        self._first: dict[tuple[str, str], str] = {}

    def __call__(self, text: str, within: str = "") -> str:
        """Return the first spelling of an id `within` a trace, if it names a span. Time: O(its length)."""
        return self._first.setdefault((within, self._plain(text)), text)
