"""`raceway analyze` on files: the report's every key, the exit status, and errors that name the line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.e2e.worked_example import four_events, trace_id
from tests.unit.core.build import Story

from raceway_cli.commands.analyze import command
from raceway_core.errors import Rejected

ROOT = Path(__file__).parents[3]
FORK_JOIN = Path(__file__).parent / "files" / "fork_join.std"
KEYS = [
    "format",
    "computed",
    "counts",
    "notes",
    "variables",
    "findings",
    "deadlocks",
    "isolation",
    "critical_paths",
    "anomalies",
    "clock",
    "baselines",
    "operations",
    "slacks",
    "what_if",
    "locks",
]
WITH_TIME = [
    "isolation",
    "critical_paths",
    "anomalies",
    "clock",
    "baselines",
    "operations",
    "slacks",
    "locks",
]


def _run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given, catch_exceptions=True)


def _report(*arguments: str, given: str | None = None) -> dict[str, Any]:
    result = _run(*arguments, "--json", given=given)
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def _worked_example(*, locked: bool) -> str:
    return "\n".join(json.dumps(event) for event in four_events(trace_id(1), locked=locked))


def test_the_report_of_a_std_file() -> None:
    report = _report(str(FORK_JOIN))
    assert list(report) == KEYS
    assert (report["format"], report["computed"]) == (
        "std",
        ["counts", "notes", "variables", "findings", "deadlocks"],
    )
    assert [report[name] for name in WITH_TIME] == [None] * len(WITH_TIME)
    assert [report[name] for name in ("isolation", "what_if")] == [None] * 2
    assert report["deadlocks"] == []
    assert report["counts"] == {
        "events": 11,
        "traces": 1,
        "chains": 2,
        "cross_edges": 2,
        "ordered_pairs": 39,
        "concurrent_pairs": 16,
    }
    x, y = report["variables"]
    assert (x["variable"], x["accesses"], x["reads"], x["writes"], x["racy"]) == ("x", 3, 1, 2, True)
    assert x["locations"] == [{"first": "a.py:2", "second": "b.py:3", "verdict": "possible", "pairs": 1}]
    assert (y["racy"], y["pairs"]["guarded"], y["locations"]) == (False, 1, [])
    [finding] = report["findings"]
    assert (finding["kind"], finding["verdict"], finding["severity"]) == ("race", "possible", "critical")
    assert [example["events"] for example in finding["examples"]] == [["2", "3"]]


def test_locks_are_reported_over_all_traces() -> None:
    events = []
    for number, waits in enumerate((1, 5)):
        story = Story(f"t{number}", place="bank.py:1")
        story.request("accounts", at=0)
        story.acquire("accounts", at=waits)
        story.release("accounts", at=9)
        events += story.events
    given = msgspec.json.encode(events).decode()
    [lock] = _report("-", given=given)["locks"]
    assert (lock["lock"], lock["holds"], lock["wait_ns"], lock["hold_ns"]) == (
        "accounts",
        2,
        "6000000",
        "12000000",
    )
    assert (lock["owners"], lock["waiters"], lock["longest_chain"]) == (["main"], [], 0)
    lines = _run("-", given=given).stdout.splitlines()
    header = next(place for place, line in enumerate(lines) if "waited" in line)
    assert lines[header + 1].split()[:3] == ["accounts", "6", "ms"]


def test_the_documented_table_of_locks_is_the_real_one() -> None:
    page = (ROOT / "docs" / "explanation" / "contention.md").read_text()
    shown = _run(str(ROOT / "examples" / "locks" / "queue.jsonl")).stdout
    plain = "\n".join(line.rstrip() for line in shown.splitlines())
    assert f"$ raceway analyze examples/locks/queue.jsonl\n{plain}\n" in page


def test_the_report_of_a_raceway_file_has_paths_and_clock_issues() -> None:
    report = _report("-", given=_worked_example(locked=False))
    assert report["computed"] == ["counts", "notes", "variables", "findings", "deadlocks", *WITH_TIME]
    assert report["isolation"]["transactions"] == 0
    assert report["variables"][0]["pairs"]["possible"] == 1
    [path] = report["critical_paths"]
    assert int(path["end_ns"]) - int(path["start_ns"]) == 3_000_000
    assert [path["segments"][0]["start_ns"], path["segments"][-1]["end_ns"]] == [
        path["start_ns"],
        path["end_ns"],
    ]
    assert report["clock"] == {"issues": [], "offsets": [], "steps": [], "skipped_lines": 0}


HUNG = """
pay|acq(accounts)|bank.py:12
audit|acq(journal)|report.py:30
pay|acq(journal)|bank.py:14
audit|acq(accounts)|report.py:33
"""


def test_a_deadlock_is_reported_and_printed() -> None:
    report = _report("-", given=HUNG)
    assert report["deadlocks"] == [
        {
            "status": "actual",
            "locks": ["accounts", "journal"],
            "threads": ["audit", "pay"],
            "locations": ["report.py:33", "bank.py:14"],
        }
    ]
    [finding] = report["findings"]
    assert (finding["kind"], finding["verdict"]) == ("deadlock", "observed")
    printed = _run("-", given=HUNG).stdout
    assert "OBSERVED deadlock  accounts, journal" in printed
    assert "    locks  journal  at bank.py:14\n" in printed
    assert "1 deadlock in 1 trace" in printed


def test_the_locked_example_has_no_finding() -> None:
    assert _report("-", given=_worked_example(locked=True))["findings"] == []
    assert "no findings" in _run("-", given=_worked_example(locked=True)).stdout


@pytest.mark.parametrize(
    ("fail_on", "status"), [("proven", 0), ("observed", 0), ("possible", 1), ("critical", 1), ("info", 1)]
)
def test_the_exit_status_is_what_fail_on_asks_for(fail_on: str, status: int) -> None:
    assert _run(str(FORK_JOIN), "--fail-on", fail_on).exit_code == status


def test_without_fail_on_a_finding_is_no_failure() -> None:
    assert _run(str(FORK_JOIN)).exit_code == 0


@pytest.mark.parametrize(
    ("given", "arguments", "message"),
    [
        ("nonsense\n", (), "<stdin>: line 1: the format is not recognised"),
        ("T1|w(x)|1\nT1|dance(x)|2\n", (), "<stdin>: line 2: unknown operation 'dance'"),
        ("T1|w(x)|1\n", ("--format", "raceway"), "<stdin>: line 1: expected an event, a batch"),
        ("", (), "<stdin>: line 1: the format is not recognised"),
    ],
)
def test_what_cannot_be_read_names_file_and_line(
    given: str, arguments: tuple[str, ...], message: str
) -> None:
    error = _run("-", *arguments, given=given).exception
    assert isinstance(error, Rejected)
    assert message in str(error)


def test_the_documented_prediction_is_the_real_one() -> None:
    root = Path(__file__).parents[3]
    page = (root / "docs" / "explanation" / "predicted-lost-update.md").read_text()
    example = root / "examples" / "std" / "split_lock.std"
    assert example.read_text() in page
    assert f"$ raceway analyze examples/std/split_lock.std\n{_run(str(example)).stdout}" in page
