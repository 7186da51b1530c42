"""Keys of fixed length for names of any length, fit for an index.

Sixteen bytes of BLAKE2b: two names share a key by chance once in 2^64 names, and nobody can choose
names so that they do.

Leads are keys that order the traces of one kind by time.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b


@lru_cache(maxsize=65536)
def key_of(*names: str) -> bytes:
    """Return the key of a tuple of names; different tuples have different keys."""
    digest = blake2b(digest_size=16)
    for name in names:
        encoded = name.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.digest()


def key_of_bytes(content: bytes) -> bytes:
    """Return the key of what has these bytes."""
    return blake2b(content, digest_size=16).digest()


_SHIFT = 1 << 63

TOP_LEAD = b"\xff" * 9
"""Greater than any lead whose time has a meaning."""


def lead_of(time_ns: int, trace_id: str) -> bytes:
    """Return bytes that compare as (time_ns, trace_id) do."""
    return (time_ns + _SHIFT).to_bytes(8, "big") + trace_id.encode()


def time_of_lead(lead: bytes) -> int:
    """Return the time of which a lead was made."""
    return int.from_bytes(lead[:8], "big") - _SHIFT
