"""The fault that a deadlock is: what stays the same when it happens again, or elsewhere.

Its fingerprint is a hash of the services, the patterns of the locks, and where in the code each was
asked for; like a race's it has no line.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from raceway_core.counting.fingerprint import project_file
from raceway_core.finding import FindingKind
from raceway_core.identity import pattern_of, place_of

MOST_SHOWN = 8
"""So many tasks of a circle are shown."""

_encoder = msgspec.json.Encoder()


def fault_of(services: Iterable[str], requests: Iterable[tuple[str, str]]) -> str:
    """Return the fingerprint of a fault, 16 hexadecimal digits. A request is a location and a lock."""
    sides = []
    for location, lock in requests:
        place = place_of(location)
        where = (project_file(place.file), place.function or place.line)
        sides.append((*where, pattern_of(lock)))
    content = _encoder.encode((FindingKind.DEADLOCK.value, sorted(services), sorted(sides)))
    return blake2b(content, digest_size=8).hexdigest()


def names_of(locks: Iterable[str]) -> str:
    """Return the names of the locks that are wanted, as one."""
    names = sorted(set(locks))
    return ", ".join([*names[:MOST_SHOWN], "…"] if len(names) > MOST_SHOWN else names)
