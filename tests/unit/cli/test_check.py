"""`raceway check`: new findings fail, known ones do not, and what became of each is written down."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click import BadParameter
from tests.unit.cli.reading import DOCTORS, FORK_JOIN, SPLIT_LOCK, check, story
from tests.unit.cli.test_analyze_latency import GIVEN as SLOW
from tests.unit.cli.test_junit import cases_of
from tests.unit.cli.test_sarif import valid_results
from tests.unit.core.build import Story

from raceway_cli.question import DURATION
from raceway_core.errors import Rejected
from raceway_core.event import LOST_TAG


def test_what_is_found_fails_until_it_is_known(tmp_path: Path) -> None:
    baseline = tmp_path / "raceway.json"
    assert check(SPLIT_LOCK).exit_code == 1
    assert isinstance(check(SPLIT_LOCK, "--baseline", baseline).exception, Rejected)

    written = check(SPLIT_LOCK, "--baseline", baseline, "--update-baseline")
    assert (written.exit_code, written.stdout) == (0, f"{baseline}: 1 added, 0 removed, 0 kept\n")
    assert [entry["kind"] for entry in json.loads(baseline.read_text())["findings"]] == [
        "predicted-lost-update"
    ]

    known = check(SPLIT_LOCK, "--baseline", baseline)
    assert (known.exit_code, known.stdout) == (0, "0 new findings at or above possible, 1 known, 0 fixed\n")

    other = check(FORK_JOIN, "--baseline", baseline)
    assert other.exit_code == 1
    assert "POSSIBLE race  x  [critical]" in other.stdout
    assert (
        "--update-baseline forgets them:\n  1db9b59e74518392  predicted lost update of balance\n"
        in other.stdout
    )
    assert other.stdout.endswith("\n1 new finding at or above possible, 0 known, 1 fixed\n")

    check(FORK_JOIN, "--baseline", baseline, "--update-baseline")
    assert "1 added, 1 removed, 0 kept" not in baseline.read_text()
    assert check(FORK_JOIN, "--baseline", baseline).exit_code == 0


def test_a_finding_of_other_traces_with_other_values_is_the_same(tmp_path: Path) -> None:
    baseline = tmp_path / "raceway.json"
    assert check("-", "--baseline", baseline, "--update-baseline", given=story(1)).exit_code == 0
    assert check("-", "--baseline", baseline, given=story(2) + story(3)).exit_code == 0


def test_anomalies_of_isolation_stand_in_a_baseline(tmp_path: Path) -> None:
    baseline, renamed = tmp_path / "raceway.json", tmp_path / "renamed.json"
    assert check(DOCTORS).exit_code == 1
    check(DOCTORS, "--baseline", baseline, "--update-baseline")
    history = json.loads(DOCTORS.read_text())
    for session in history["sessions"]:
        for transaction in session:
            transaction["id"] = f"later-{transaction.get('id')}"
    renamed.write_text(json.dumps(history))
    assert check(renamed, "--baseline", baseline).exit_code == 0


def test_anomalies_of_time_fail_only_when_asked_to(tmp_path: Path) -> None:
    shown = check("-", given=SLOW)
    assert (shown.exit_code, "does not fail this check" in shown.stdout) == (0, True)
    assert check("-", "--fail-on", "warning", given=SLOW).exit_code == 1
    baseline = tmp_path / "raceway.json"
    check("-", "--baseline", baseline, "--update-baseline", given=SLOW)
    assert check("-", "--baseline", baseline, "--fail-on", "info", given=SLOW).exit_code == 0


@pytest.mark.parametrize(
    ("fail_on", "status"), [("proven", 0), ("observed", 0), ("critical", 1), ("info", 1)]
)
def test_the_level_decides(fail_on: str, status: int) -> None:
    assert check(FORK_JOIN, "--fail-on", fail_on).exit_code == status


def test_reports_say_what_is_new(tmp_path: Path) -> None:
    baseline, sarif, junit = (tmp_path / name for name in ("raceway.json", "log.sarif", "report.xml"))
    reports = ("--sarif", sarif, "--junit", junit)
    check(SPLIT_LOCK, "--baseline", baseline, "--update-baseline", *reports)
    assert [result["baselineState"] for result in valid_results(sarif.read_text())] == ["unchanged"]
    check(FORK_JOIN, "--baseline", baseline, *reports)
    assert [result["baselineState"] for result in valid_results(sarif.read_text())] == ["new"]
    assert [case[0].tag for case in cases_of(junit.read_text())] == ["failure"]
    weak = check(FORK_JOIN, "--baseline", baseline, "--fail-on", "proven", "--junit", "-")
    assert [case[0].tag for case in cases_of(weak.stdout)] == ["system-out"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (FORK_JOIN, "--url", "http://127.0.0.1:1"),
        ("--url", "http://127.0.0.1:1", "--format", "std"),
        ("--url", "http://127.0.0.1:1", "--pattern", "x"),
        (FORK_JOIN, "--update-baseline"),
        ("--last", "soon"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: tuple[str | Path, ...]) -> None:
    assert check(*arguments).exit_code == 2


def test_a_broken_baseline_changes_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "raceway.json"
    broken.write_text("{")
    for arguments in ((), ("--update-baseline",)):
        assert isinstance(check(FORK_JOIN, "--baseline", broken, *arguments).exception, Rejected)
    assert broken.read_text() == "{"


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1.5m", 90), ("2h", 7200), ("1d", 86_400)])
def test_durations(text: str, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "m", "30", "-1m", "nanm", "1e300d", "infd"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(BadParameter):
        DURATION.convert(text, None, None)


def test_events_that_a_client_lost_are_said(tmp_path: Path) -> None:
    told = Story()
    told.call("main")
    lost = msgspec.structs.replace(told.events[0].metadata, tags={LOST_TAG: '{"t":[2,7]}'})
    event = msgspec.structs.replace(told.events[0], metadata=lost)
    result = check("-", given=msgspec.json.encode(event).decode())
    assert result.exit_code == 0
    assert result.stderr == (
        "left out: events_lost × 2 in 1 trace: clients told of events that they could not send\n"
    )
