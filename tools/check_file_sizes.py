"""Fail when a source file grew past the limit, and say where to think about a seam."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MOST_LINES = 400
SUFFIXES = {".py", ".ts", ".svelte", ".go", ".rs", ".css"}


def main() -> int:
    """Print every tracked source file that is too long; return how many there are."""
    listing = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout  # noqa: S607 -- git of the developer's PATH
    paths = [Path(name) for name in listing.split("\0") if Path(name).suffix in SUFFIXES]
    long = [(count, path) for path in paths if path.exists() and (count := _lines(path)) > MOST_LINES]
    for count, path in sorted(long, reverse=True):
        sys.stderr.write(f"{path}: {count} lines, at most {MOST_LINES}: split it along its seam\n")
    return len(long)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


if __name__ == "__main__":
    sys.exit(main() > 0)
