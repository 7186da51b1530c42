"""Progress: shown of long work only, on a terminal only, and never in the way of what it counts."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress as Bar

from raceway_cli.progress import BarProgress, Silence, shown_progress


def _bar() -> tuple[Bar, io.StringIO]:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    return Bar(console=console, auto_refresh=False), screen


@pytest.mark.parametrize(("step_s", "is_shown"), [(0.001, False), (0.6, True)])
def test_only_long_work_is_shown(step_s: float, is_shown: bool) -> None:
    bar, screen = _bar()
    times = (number * step_s for number in range(1000))
    progress = BarProgress(bar, now_s=lambda: next(times))
    assert list(progress.counted("reading [/a].jsonl", 8, [b"1234", b"56", b"78"])) == [b"1234", b"56", b"78"]
    assert list(progress.track("analyzing", [1, 2, 3, 4])) == [1, 2, 3, 4]
    bar.stop()
    assert ("analyzing" in screen.getvalue()) is is_shown


def test_without_a_terminal_there_is_silence(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as progress:
        assert isinstance(progress, Silence)
        assert list(progress.counted("reading", None, [b"a"])) == [b"a"]
        assert list(progress.track("analyzing", [1])) == [1]
    assert capsys.readouterr().err == ""
