"""The worked example of the original, over HTTP, in both compositions."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
from tests.e2e.worked_example import four_events, trace_id

from raceway_cli.deployment import Deployment


def _send(deployment: Deployment, events: list[dict[str, Any]]) -> None:
    answer = httpx.post(f"{deployment.events_url}/events", json={"events": events}, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == len(events)
    deployment.wait_idle(timeout_s=30)


def _trace(deployment: Deployment, trace: str) -> dict[str, Any]:
    answer = httpx.get(f"{deployment.api_url}/api/traces/{trace}", timeout=30)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_two_unordered_writes_are_exactly_one_critical_race(deployment: Deployment) -> None:
    trace = str(uuid4())
    _send(deployment, four_events(trace))
    analysis = _trace(deployment, trace)["analysis"]
    assert analysis["potential_races"] == 1
    [race] = analysis["race_details"]
    assert (race["severity"], race["variable"]) == ("CRITICAL", "balance")
    assert {race["event1_thread"], race["event2_thread"]} == {"worker-1", "worker-2"}


def test_two_writes_under_one_lock_are_no_race(deployment: Deployment) -> None:
    trace = str(uuid4())
    _send(deployment, four_events(trace, locked=True))
    analysis = _trace(deployment, trace)["analysis"]
    assert analysis["potential_races"] == 0
    assert analysis["race_details"] == []


def test_traces_that_reuse_event_ids_are_traces_of_their_own(deployment: Deployment) -> None:
    traces = [trace_id(number) for number in range(15)]
    _send(deployment, [event for trace in traces for event in four_events(trace)])
    for trace in traces:
        shown = _trace(deployment, trace)
        assert len(shown["events"]) == 4
        assert shown["analysis"]["potential_races"] == 1
    listed = httpx.get(f"{deployment.api_url}/api/traces?page_size=1000").json()["data"]["traces"]
    assert {row["trace_id"] for row in listed} >= set(traces)
