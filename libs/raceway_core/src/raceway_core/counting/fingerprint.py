"""Fingerprints: the name of a fault, the same wherever and however often it is found.

A fingerprint is a hash of the services, the variable's pattern and the two sides, each a file, a
function and a kind of access. It has no line, so that edits keep it (where no function is known
the line stands in); no path above the project, so that other machines keep it; and no verdict,
severity or kind of finding, so that a race that turns out to be a proven lost update keeps it.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from raceway_core.access import Access
from raceway_core.event import AccessType
from raceway_core.identity import Place, pattern_of

KEPT_DIRECTORIES = 1
"""Of an absolute path so many directories above the file are taken for the project's."""

_encoder = msgspec.json.Encoder()


class Side(NamedTuple):
    """One of the two sides of a fault: who does what, where in the code."""

    service: str
    place: Place
    access_type: AccessType

    @property
    def fault_key(self) -> tuple[str, str, str]:
        """Return what a fingerprint knows of it."""
        place = self.place
        return (project_file(place.file), place.function or place.line, self.access_type.value)


def side_of(access: Access) -> Side:
    """Return the side on which an access stands."""
    return Side(access.process.service, access.place, access.access_type)


@lru_cache(maxsize=4096)
def fingerprint_of(variable: str, first: Side, second: Side) -> str:
    """Return the fingerprint of a fault, 16 hexadecimal digits. The order of the sides is nothing."""
    services = sorted({first.service, second.service})
    sides = sorted((first.fault_key, second.fault_key))
    content = _encoder.encode((services, pattern_of(variable), sides))
    return blake2b(content, digest_size=8).hexdigest()


@lru_cache(maxsize=4096)
def project_file(file: str) -> str:
    """Return a file's path as it is on every machine: relative to the project, with slashes."""
    path = file.removeprefix("file://").replace("\\", "/").removeprefix("./")
    is_absolute = path.startswith("/") or path[1:3] == ":/"
    if not is_absolute:
        return path
    return "/".join(path.split("/")[-1 - KEPT_DIRECTORIES :]).lstrip("/")
