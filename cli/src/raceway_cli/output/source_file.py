"""Files of the code as the project knows them, for programs recorded them where they ran.

A recorded path may be absolute, of a container or of another machine. What the project calls it is the
longest end of the path that is a file below the project's folder; where there is none, the path as
fingerprints know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import quote

from raceway_core.counting.fingerprint import project_file
from raceway_core.identity import place_of

_MOST_DIGITS = 9
_MOST_PARTS = 40


class SourcePlace(NamedTuple):
    """A place in the project: `uri` is relative to its folder. Unknown is None, or empty."""

    uri: str
    line: int | None
    function: str


def source_place(location: str, project: Path) -> SourcePlace | None:
    """Return the place that a location `path:line function` names, if it names a file."""
    place = place_of(location)
    if not place.file:
        return None
    is_line = place.line.isdecimal() and len(place.line) <= _MOST_DIGITS and int(place.line) > 0
    return SourcePlace(
        quote(_relative(place.file, project)), int(place.line) if is_line else None, place.function
    )


@lru_cache(maxsize=4096)
def _relative(file: str, project: Path) -> str:
    path = file.removeprefix("file://").replace("\\", "/")
    return next((end for end in _ends(path) if _is_file(project / end)), project_file(file))


def _ends(path: str) -> Iterator[str]:
    parts = [part for part in PurePosixPath(path).parts if part not in {"/", "."}]
    if ".." in parts or len(parts) > _MOST_PARTS:
        return
    for first in range(len(parts)):
        yield "/".join(parts[first:])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # no path of a file can look like that
