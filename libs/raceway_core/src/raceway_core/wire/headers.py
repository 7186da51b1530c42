"""Credentials in HTTP headers: which headers carry them, and headers without them.

The SDKs scrub before sending; the intake does it again, because what is stored is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from raceway_core.event import JsonValue

SCRUBBED = "[scrubbed]"

_SECRET = re.compile(
    r"^(?:proxy-)?auth|^(?:set-)?cookie2?$|token|secret|passw|credential|session"
    r"|(?:api|access|private|signing|subscription|raceway)[-_]?key|signature|jwt|csrf|xsrf",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Tell whether a header of this name carries a credential.

    Named ones (Authorization, Cookie, Set-Cookie, …) and those whose name says so, as in `X-Api-Key`.
    """
    return _SECRET.search(name) is not None


def hold_secrets(headers: Mapping[str, JsonValue]) -> bool:
    """Tell whether `scrub` would change anything."""
    return any(headers[name] != SCRUBBED for name in _secrets_among(tuple(headers)))


def scrub(headers: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return `headers` with the values of credentials replaced."""
    return {**headers, **dict.fromkeys(_secrets_among(tuple(headers)), SCRUBBED)}


@lru_cache(maxsize=4096)
def _secrets_among(names: tuple[str, ...]) -> tuple[str, ...]:
    # Cached by all names at once: an application sends the same few sets of headers for ever.
    return tuple(filter(is_secret, names))
