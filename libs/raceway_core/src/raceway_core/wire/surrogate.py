"""Halves of surrogate pairs, which JavaScript writes when it cuts a text inside a character.

JSON allows them and Unicode does not, so a decoder refuses the whole text for one. A half becomes
U+FFFD, the sign for what cannot be shown.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|.)",
    re.DOTALL,
)


def without_halves(json_text: bytes) -> bytes:
    """Return a JSON text in which no escape stands for half of a character. Time: O(n)."""
    if b"\\" not in json_text:
        return json_text
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["half"] else escape[0], json_text)
