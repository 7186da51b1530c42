"""Where in the application's code something happened, at the cost of walking a frame or two.

The hot path keeps a *site*: a code object and an offset into it. The sender turns it into text,
`path:line function`, with the path relative to the project's root.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType
from typing import TypeAlias

Site: TypeAlias = tuple[CodeType, int]

_LIBRARIES = tuple(
    sorted(
        {os.path.realpath(path) + os.sep for path in sysconfig.get_paths().values()}
        | {os.path.realpath(Path(os.__file__).parent) + os.sep, str(Path(__file__).parent) + os.sep}
    )
)
_ASSIGNMENT = re.compile(r"^\s*([A-Za-z_][\w.]*)\s*(?::[^=]+)?=[^=]")


class _IsApplication(dict[str, bool]):
    """By file name: whether its code is the application's, not a library's or the SDK's."""

    def __missing__(self, file_name: str) -> bool:
        is_generated = file_name.startswith("<frozen")
        found = not is_generated and not os.path.realpath(file_name).startswith(_LIBRARIES)
        self[file_name] = found
        return found


is_application = _IsApplication()


def site_of_caller() -> Site | None:
    """Return the innermost place in the application's code that led here; cheap."""
    frame: FrameType | None = sys._getframe(2)  # the documented way costs 200 times as much
    while frame is not None and not is_application[frame.f_code.co_filename]:
        frame = frame.f_back
    return None if frame is None else (frame.f_code, frame.f_lasti)


@lru_cache(maxsize=4096)
def _line_of(code: CodeType, offset: int) -> int:
    for index, (line, *_) in enumerate(code.co_positions()):
        if index * 2 >= offset and line is not None:
            return line
    return code.co_firstlineno


@lru_cache(maxsize=1024)
def _path_under(root: str, file_name: str) -> str:
    path = os.path.realpath(file_name)
    return os.path.relpath(path, root) if path.startswith(root + os.sep) else file_name


def describe(site: Site, root: str) -> str:
    """Return the site as `path:line function`. `root` is a real path."""
    code, offset = site
    return f"{_path_under(root, code.co_filename)}:{_line_of(code, offset)} {code.co_name}"


def name_assigned_at(site: Site) -> str:
    """Return what the line of a site assigns to (`self.lock = …` gives `self.lock`), or nothing."""
    code, offset = site
    match = _ASSIGNMENT.match(linecache.getline(code.co_filename, _line_of(code, offset)))
    return match[1] if match else ""
