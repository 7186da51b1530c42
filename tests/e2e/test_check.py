"""`raceway check` against a running Raceway: it waits for the analysis, and fails on what is new."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
from tests.e2e.worked_example import four_events

from raceway_cli.deployment import Deployment
from raceway_cli.process import raceway


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(raceway(*arguments), capture_output=True, text=True, timeout=60, check=False)


def test_check_fails_on_what_a_server_found_until_it_is_known(
    one_process: Deployment, tmp_path: Path
) -> None:
    """The worked example has old times, so it is asked for by a long way back."""
    events = {"events": four_events(str(uuid4()))}
    httpx.post(f"{one_process.events_url}/events", json=events).raise_for_status()
    asked = ("check", "--url", one_process.api_url, "--last", "36500d")
    found = _run(*asked)
    assert (found.returncode, "race  balance" in found.stdout) == (1, True)

    baseline = str(tmp_path / "raceway.json")
    assert _run(*asked, "--baseline", baseline, "--update-baseline").returncode == 0
    known = _run(*asked, "--baseline", baseline)
    assert (known.returncode, known.stdout[:15]) == (0, "0 new findings ")

    nothing = _run("check", "--url", one_process.api_url, "--last", "0s")
    assert (nothing.returncode, "so nothing was checked" in nothing.stderr) == (2, True)
