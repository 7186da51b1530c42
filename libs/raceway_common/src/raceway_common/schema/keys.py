"""Keys of fixed length for names of any length, fit for an index.

Sixteen bytes of BLAKE2b: two names share a key by chance once in 2^64 names, and nobody can choose
names so that they do.
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
