"""Events per second, over HTTP, with the client on the same cores: 690-byte events, 100 a batch.

1. ingest alone: to the acknowledgement of a real JetStream.
2. all-in-one, durable: a burst, then how fast it is analyzed.
3. all-in-one, durable: accepting and analyzing at once, for a minute.

All-in-one has analyzed a first few batches before it is measured: how long it takes to start is
another benchmark.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx

from bench.load import CONNECTIONS, Load, post_all
from bench.workload import BATCH_EVENTS, bodies
from raceway_cli.deployment import READY, Deployment, all_in_one
from raceway_cli.process import raceway, running
from raceway_common.servers import NatsServer

JETSTREAM_BATCHES = 6_000
BURST_BATCHES = 1_000
FIRST_BATCHES = 10
SUSTAINED_PER_SECOND = 33_000
SUSTAINED_S = 60


def main() -> None:
    """Print the figures of the three cases."""
    with tempfile.TemporaryDirectory() as folder:
        _jetstream(Path(folder) / "jetstream")
        _burst(Path(folder) / "burst")
        _sustained(Path(folder) / "sustained")


def _jetstream(data: Path) -> None:
    sent = list(bodies(JETSTREAM_BATCHES))
    with NatsServer(data / "nats") as nats:
        environment = {"RACEWAY_NATS_URL": nats.url}
        command = raceway("ingest", "--port", "0")
        with running("ingest", command, ready=READY, logs=data, environment=environment) as ingest:
            _report("JetStream, acknowledged", post_all(f"{ingest.said}/events", sent))


def _burst(data: Path) -> None:
    sent = list(bodies(BURST_BATCHES, first=FIRST_BATCHES))
    with all_in_one(data) as deployment:
        _warm_up(deployment)
        load = post_all(f"{deployment.events_url}/events", sent)
        began = time.perf_counter()
        deployment.wait_idle(timeout_s=300)
        drained_s = time.perf_counter() - began
        _report("all-in-one, burst, accepted", load)
        events = BURST_BATCHES * BATCH_EVENTS
        print(f"  {'… then analyzed':34} {events / drained_s:>9,.0f} events/s ({drained_s:.2f} s)")
        _check(deployment, events)


def _sustained(data: Path) -> None:
    batches = SUSTAINED_PER_SECOND * SUSTAINED_S // BATCH_EVENTS
    sent = list(bodies(batches, first=FIRST_BATCHES))
    with all_in_one(data) as deployment:
        _warm_up(deployment)
        began = time.perf_counter()
        load = post_all(
            f"{deployment.events_url}/events", sent, per_second=SUSTAINED_PER_SECOND / BATCH_EVENTS
        )
        deployment.wait_idle(timeout_s=600)
        total_s = time.perf_counter() - began
        _report("all-in-one, sustained, accepted", load)
        events = batches * BATCH_EVENTS
        behind_s = total_s - load.seconds
        print(
            f"  {'… accepted and analyzed':34} {events / total_s:>9,.0f} events/s ({behind_s:.2f} s behind)"
        )
        _check(deployment, events)


def _warm_up(deployment: Deployment) -> None:
    post_all(f"{deployment.events_url}/events", list(bodies(FIRST_BATCHES)))
    deployment.wait_idle(timeout_s=60)


def _report(name: str, load: Load) -> None:
    rate = load.requests * BATCH_EVENTS / load.seconds
    latency = f"p50 {load.quantile_ms(0.5):.1f} ms, p99 {load.quantile_ms(0.99):.1f} ms"
    print(
        f"  {name:34} {rate:>9,.0f} events/s ({CONNECTIONS} connections, {latency}, answers {load.statuses})"
    )


def _check(deployment: Deployment, sent: int) -> None:
    status = httpx.get(f"{deployment.api_url}/status").raise_for_status().json()["data"]
    held = status["events_captured"] - FIRST_BATCHES * BATCH_EVENTS
    print(f"  {'… events held, of those sent':34} {held:,} of {sent:,}")
