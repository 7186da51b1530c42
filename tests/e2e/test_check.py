"""`raceway check` against a running Raceway: it waits for the analysis, and fails on what is new."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
from tests.e2e.worked_example import four_events
from tests.unit.core.build import MS, NOON_NS, Story

from raceway_cli.deployment import Deployment
from raceway_cli.process import raceway
from raceway_core.event import TransactionBegin, TransactionCommit


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


def _purchase(item: str) -> bytes:
    """Return the events of a trace, just now, whose transaction buys the last one of an item."""
    story = Story(str(uuid4()), at=(time.time_ns() - NOON_NS) / MS, service=f"shop-{item}")
    name = f"T-{uuid4()}"
    story.event(TransactionBegin(transaction_id=name, resource="stock"), id=str(uuid4()))
    story.read(f"left[{item}]", 1, version=7, id=str(uuid4()))
    story.write(f"left[{item}]", 0, version=8, id=str(uuid4()))
    story.event(TransactionCommit(transaction_id=name, resource="stock"), id=str(uuid4()))
    return b"".join(msgspec.json.encode(event) + b"\n" for event in story.events)


def test_a_baseline_of_files_knows_the_isolation_anomalies_of_a_server(
    one_process: Deployment, tmp_path: Path
) -> None:
    item = f"'item-{uuid4()}'"
    lines = _purchase(item) + _purchase(item)
    events = {"events": [json.loads(line) for line in lines.splitlines()]}
    httpx.post(f"{one_process.events_url}/events", json=events).raise_for_status()
    asked = ("check", "--url", one_process.api_url, "--last", "10m")
    found = _run(*asked)
    assert found.returncode == 1
    assert f"  on left[{item}]\n  one overwrote the other without having seen it\n" in found.stdout
    shown = _run("isolation", "--resource", "stock", "--url", one_process.api_url)
    assert (shown.returncode, shown.stdout[:6]) == (0, "stock ")
    assert f"on left[{item}]" in shown.stdout

    file, baseline, sarif = (tmp_path / name for name in ("events.jsonl", "raceway.json", "raceway.sarif"))
    file.write_bytes(lines)
    in_file = _run("check", str(file), "--baseline", str(baseline), "--update-baseline")
    assert (in_file.returncode, in_file.stderr) == (0, "")
    names = {
        entry["fingerprint"]
        for entry in json.loads(baseline.read_text())["findings"]
        if entry["kind"] == "isolation-anomaly"
    }
    known = _run(*asked, "--baseline", str(baseline), "--sarif", str(sarif))
    assert f"on left[{item}]" not in known.stdout
    states = {
        result["partialFingerprints"]["raceway/v1"]: result["baselineState"]
        for result in json.loads(sarif.read_text())["runs"][0]["results"]
    }
    assert {states.get(name) for name in names} == {"unchanged"}
