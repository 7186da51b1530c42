"""Events that a client could not send: the order that rests on them is kept, and the trace says so."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx

from raceway_cli.deployment import Deployment
from raceway_cli.process import raceway

PROGRAM = """
import sys, threading, raceway
from raceway.record import record

def work():
    raceway.write("stock", 1)
    record("Custom", {"name": object()})  # is no JSON, so it is not sent

raceway.start("lossy", url=sys.argv[1])
with raceway.span("order"):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    raceway.write("stock", 2)
assert raceway.flush(20)
print(raceway.stats()["dropped"])
"""


def test_what_a_program_lost_is_a_gap_that_orders_and_not_a_fault(deployment: Deployment) -> None:
    command = [sys.executable, "-c", PROGRAM, deployment.events_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "{'not_json': 1}", done.stderr
    deployment.wait_idle(timeout_s=30)

    trace = _trace_of(deployment, "lossy")
    assert trace["notes"] == {"events_lost": 1}
    assert trace["clock_issues"] == {"gap": 1}
    assert not trace["is_complete"]
    assert trace["race_pairs"] == 0, "the second write waited for the thread of the first"

    answer = httpx.get(f"{deployment.api_url}/api/v1/traces/{trace['trace_id']}/events", timeout=30)
    assert [event for event in answer.json()["events"] if event["metadata"]["tags"]] == []

    shown = raceway("trace", trace["trace_id"], "--url", deployment.api_url)
    printed = subprocess.run(shown, capture_output=True, text=True, timeout=30, check=True).stdout
    assert "notes: events_lost × 1" in printed


def _trace_of(deployment: Deployment, service: str) -> dict[str, Any]:
    traces = httpx.get(f"{deployment.api_url}/api/v1/traces", timeout=30).json()["traces"]
    [trace] = [trace for trace in traces if [each["name"] for each in trace["services"]] == [service]]
    found: dict[str, Any] = trace
    return found
