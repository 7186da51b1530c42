"""Where a JSON text nests too deep: for the answer to whoever sent a nesting bomb.

Decoders recurse, so they give up at a depth that depends on the stack below them. This scan runs
only after one did, and says where; nobody else pays for it.
"""

from __future__ import annotations

import re

MOST_LEVELS = 512
"""What every decoder here can take, whatever stands below it on the stack."""

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)


def too_deep_at(text: bytes) -> int | None:
    """Return the offset of the first bracket nested deeper than `MOST_LEVELS`, None without one.

    Time: O(offset) for a text that is well formed up to there.
    """
    depth = 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MOST_LEVELS:
                return token.start()
        elif first in b"]}":
            depth -= 1
    return None
