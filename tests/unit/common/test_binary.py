"""Which binary a server runs, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceway_common.servers.binary import ServerUnavailable, Wanted, find_binary

_WANTED = Wanted(names=("some-server",), minimum=(2, 10), distribution="no-such-wheel")


def _program(directory: Path, version: str) -> Path:
    path = directory / "some-server"
    path.write_text(f"#!/bin/sh\necho 'some-server: v{version}'\n")
    path.chmod(0o755)
    return path


def test_named_binary_is_taken(tmp_path: Path) -> None:
    program = _program(tmp_path, "2.10.0")
    assert find_binary(_WANTED, program) == program


def test_named_binary_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailable, match=r"version 2\.9; Raceway needs 2\.10"):
        find_binary(_WANTED, _program(tmp_path, "2.9.25"))


def test_binary_on_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = _program(tmp_path, "3.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_binary(_WANTED) == program


def test_old_binary_on_path_falls_back_to_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path, "2.9.25")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(ServerUnavailable, match=r"version 2\.9.*raceway-cli\[suite\]"):
        find_binary(_WANTED)


def test_nothing_found_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerUnavailable, match=r"raceway-cli\[suite\]"):
        find_binary(_WANTED)


def test_what_does_not_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailable, match="does not run"):
        find_binary(_WANTED, tmp_path / "absent")
