"""The same events give the same findings, to the byte, whatever happens to them on the way.

Order, duplicates, splits, the composition, and the death of ingest and of an analyzer half-way: none
of it changes a finding, loses an event or counts one twice.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests.e2e.recorder import Event, record_banks

from raceway_cli.deployment import READY, Deployment, all_in_one, suite
from raceway_cli.process import raceway, running

pytestmark = pytest.mark.timeout(180)


class Seen(NamedTuple):
    """What a deployment says about everything that it was sent."""

    findings: bytes
    events: int
    traces: int


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return record_banks(tmp_path_factory.mktemp("banks"))


@pytest.fixture(scope="module")
def expected(recorded: list[Event], tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What all-in-one says, fed in the order of recording."""
    with all_in_one(tmp_path_factory.mktemp("in-order")) as deployment:
        for batch in _batches(recorded, 50):
            _send(deployment.events_url, batch)
        return _seen(deployment)


def test_the_bank_loses_updates_and_the_locked_banks_have_no_finding(expected: Seen) -> None:
    findings = json.loads(expected.findings)
    shown = [finding for finding in findings if not finding["hidden"]]
    assert {(finding["kind"], finding["verdict"]) for finding in shown} >= {("lost-update", "proven")}
    assert {service for finding in shown for service in finding["services"]} == {"bank"}


def test_no_event_is_lost_or_counted_twice(recorded: list[Event], expected: Seen) -> None:
    distinct = {(event["trace_id"], event["id"]) for event in recorded}
    assert (expected.events, expected.traces) == (len(distinct), len({trace for trace, _ in distinct}))


def test_all_in_one_killed_half_way_says_the_same(
    recorded: list[Event], expected: Seen, tmp_path: Path
) -> None:
    batches = [*_shuffled_batches(recorded, seed=1)]
    half = len(batches) // 2
    with all_in_one(tmp_path) as deployment:
        for batch in batches[:half]:
            _send(deployment.events_url, batch)
        deployment.children["raceway"].kill()
    with all_in_one(tmp_path) as deployment:
        for batch in batches[half - 1 :]:
            _send(deployment.events_url, batch)
        assert _seen(deployment) == expected


def test_the_suite_with_ingest_and_an_analyzer_killed_half_way_says_the_same(
    recorded: list[Event], expected: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACEWAY_LEASE_S", "2")  # what the dead analyzer had claimed is soon free again
    batches = [*_shuffled_batches(recorded, seed=2)]
    half = len(batches) // 2
    with ExitStack() as stack:
        deployment = stack.enter_context(suite(tmp_path, analyzers=2))
        for batch in batches[:half]:
            _send(deployment.events_url, batch)
        deployment.children["ingest"].kill()
        deployment.children["analyzer-1"].kill()
        again = running(
            "ingest-again",
            raceway("ingest", "--port", "0"),
            ready=READY,
            logs=tmp_path / "logs",
            environment=deployment.environment,
        )
        ingest = stack.enter_context(again)
        for batch in batches[half - 1 :]:
            _send(ingest.said, batch)
        assert _seen(deployment) == expected


def _batches(events: list[Event], size: int) -> Iterator[list[Event]]:
    for start in range(0, len(events), size):
        yield events[start : start + size]


def _shuffled_batches(events: list[Event], *, seed: int) -> Iterator[list[Event]]:
    """Yield every event twice, in another order and in other batches each time."""
    twice = [*events, *events]
    random.Random(seed).shuffle(twice)  # noqa: S311 - a reproducible order, no secret
    yield from _batches(twice, 37)


def _send(url: str, batch: list[Event]) -> None:
    answer = httpx.post(f"{url}/events", json={"events": batch}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == len(batch), answer.text


def _seen(deployment: Deployment) -> Seen:
    deployment.wait_idle(timeout_s=120)
    status = httpx.get(f"{deployment.api_url}/status", timeout=30).json()["data"]
    command = raceway("races", "--all", "--json", "--url", deployment.api_url)
    findings = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return Seen(findings, status["events_captured"], status["traces_active"])
