"""Ids that may be written in several ways: one id is always given back as the file spelled it first."""

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
