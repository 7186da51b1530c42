"""Child processes: readiness is something they say, and their death is told with their last words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from raceway_cli.process import ProcessFailed, running


def _python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_the_block_begins_once_the_child_said_it_is_ready(tmp_path: Path) -> None:
    lines = "print('warming up'); print('listening on http://127.0.0.1:1234')"
    serving = _python(f"import signal; {lines}; signal.pause()")
    with running("server", serving, ready=r"listening on (\S+)", logs=tmp_path) as child:
        assert child.said == "http://127.0.0.1:1234"
    assert "warming up" in (tmp_path / "server.log").read_text()


def test_a_child_that_ends_first_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    failing = _python("raise SystemExit('the port is taken')")
    with (
        pytest.raises(ProcessFailed, match=r"ended before it was ready.*\n.*the port is taken"),
        running("server", failing, ready="listening", logs=tmp_path),
    ):
        pytest.fail("the block must not be entered")


def test_a_child_that_stays_silent_is_ended(tmp_path: Path) -> None:
    silent = _python("import signal; signal.pause()")
    with (
        pytest.raises(ProcessFailed, match=r"was not ready after 0\.1 s"),
        running("server", silent, ready="listening", logs=tmp_path, timeout_s=0.1),
    ):
        pytest.fail("the block must not be entered")


def test_a_killed_child_is_gone_when_kill_returns(tmp_path: Path) -> None:
    serving = _python("import signal; print('ready'); signal.pause()")
    with running("server", serving, ready="ready", logs=tmp_path) as child:
        child.kill()
        assert not Path(f"/proc/{child.pid}/fd").exists()
