"""The reading commands against a running Raceway, and what they say when there is none."""

from __future__ import annotations

import json
import subprocess
from uuid import uuid4

import httpx
import pytest
from tests.e2e.worked_example import FIRST, SECOND, four_events

from raceway_cli.deployment import Deployment
from raceway_cli.process import raceway


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(raceway(*arguments), capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture(scope="module")
def trace(one_process: Deployment) -> str:
    trace = str(uuid4())
    httpx.post(f"{one_process.events_url}/events", json={"events": four_events(trace)}).raise_for_status()
    one_process.wait_idle(timeout_s=30)
    return trace


def test_races_as_a_person_and_a_program_read_them(one_process: Deployment, trace: str) -> None:
    shown = _run("races", "--url", one_process.api_url)
    assert "race  balance  [critical]" in shown.stdout
    listed = json.loads(_run("races", "--json", "--url", one_process.api_url).stdout)
    [finding] = [finding for finding in listed if trace in finding["trace_ids"]]
    assert finding["variable"] == "balance"
    alone = json.loads(_run("races", finding["fingerprint"], "--json", "--url", one_process.api_url).stdout)
    assert alone == [finding]


def test_traces_and_one_trace(one_process: Deployment, trace: str) -> None:
    assert trace in _run("traces", "--racy", "--url", one_process.api_url).stdout
    shown = _run("trace", trace, "--url", one_process.api_url).stdout
    assert "Write balance = 15" in shown
    assert "critical path" in shown


def test_locks_and_deadlocks(one_process: Deployment) -> None:
    for name in ("locks", "deadlocks"):
        assert isinstance(json.loads(_run(name, "--json", "--url", one_process.api_url).stdout), list)
        assert _run(name, "--url", one_process.api_url).returncode == 0


def test_an_audit_trail(one_process: Deployment, trace: str) -> None:
    shown = _run("audit", trace, "balance", "--url", one_process.api_url).stdout
    assert [line.split()[-1] for line in shown.splitlines() if "app.py:12" in line] == ["race", "race"]


def test_why_two_writes_are_not_ordered(one_process: Deployment, trace: str) -> None:
    shown = _run("why", trace, FIRST, SECOND, "--url", one_process.api_url).stdout
    assert "Both follow the call of process_transfers" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trace", "nonsense"), "a trace id is a UUID"),
        (("races", "nonsense"), "no finding has the fingerprint"),
        (("trace", str(uuid4())), "no trace"),
        (("why", str(uuid4()), FIRST, FIRST), "name two different events"),
    ],
)
def test_what_is_not_there_is_said(one_process: Deployment, arguments: tuple[str, ...], message: str) -> None:
    answer = _run(*arguments, "--url", one_process.api_url)
    assert (answer.returncode, message in answer.stderr, answer.stdout) == (2, True, "")


def test_no_server_is_said_with_the_way_to_start_one() -> None:
    answer = _run("races", "--url", "http://127.0.0.1:1")
    assert answer.returncode == 2
    assert "start one with `raceway up`" in answer.stderr
