"""Delivery: first flush, retries under one batch id, drops by reason, a bounded end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import raceway
from raceway.retry import pause, retry_after_s

Start = Callable[..., None]


def test_the_first_event_leaves_without_being_asked(collector: Any, start: Start) -> None:
    start()
    began = time.monotonic()
    raceway.event("hello")
    assert collector.arrived.wait(5)
    assert time.monotonic() - began < 2, "the pause before a batch is 150 ms; the rest is this machine"


def test_batches_hold_at_most_512_events_and_name_themselves(collector: Any, start: Start) -> None:
    start()
    for number in range(1200):
        raceway.event("step", number=number)
    assert raceway.flush()
    assert len(collector.events) == 1200
    assert all(len(batch["events"]) <= 512 for batch in collector.batches)
    ids = [batch["batch_id"] for batch in collector.batches]
    assert len(set(ids)) == len(ids)
    assert {batch["path"] for batch in collector.batches} == {"/events"}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_gets_the_same_batch_again(collector: Any, start: Start, status: int) -> None:
    start()
    collector.script = [(status, {"Retry-After": "0"}, {}), (status, {}, {})]
    raceway.event("hello")
    assert raceway.flush(10)
    assert len(collector.attempts) == 3
    assert len({batch["batch_id"] for batch in collector.attempts}) == 1
    assert len({str(batch["events"]) for batch in collector.attempts}) == 1
    assert raceway.stats()["sent"] == 1
    assert raceway.stats()["retries"] == 2


@pytest.mark.parametrize("status", [400, 401, 403, 422, 500])
def test_a_refusal_is_final_and_counted(collector: Any, start: Start, status: int) -> None:
    start()
    collector.script = [(status, {}, {})]
    raceway.event("hello")
    assert raceway.flush()
    assert raceway.stats()["dropped"] == {f"http_{status}": 1}
    assert [batch["dropped"] for batch in collector.batches] == [{f"http_{status}": 1}]


def test_a_batch_that_is_too_large_is_halved(collector: Any, start: Start) -> None:
    start()
    collector.script = [(413, {}, {}), (413, {}, {})]
    for number in range(8):
        raceway.event("step", number=number)
    assert raceway.flush()
    numbers = [event["kind"]["Custom"]["data"]["number"] for event in collector.events]
    assert sorted(numbers) == list(range(8))
    assert len({batch["batch_id"] for batch in collector.attempts}) == len(collector.attempts)


def test_rejected_events_are_counted_not_sent_again(collector: Any, start: Start) -> None:
    start()
    collector.script = [(200, {}, {"rejected": [{"index": 0}]})]
    raceway.event("one")
    raceway.event("two")
    assert raceway.flush()
    assert (raceway.stats()["sent"], raceway.stats()["rejected"]) == (1, 1)
    assert len(collector.attempts) == 1


def test_a_full_queue_drops_counts_and_reports(collector: Any, start: Start) -> None:
    start(queue_size=10)
    collector.gate.clear()
    raceway.event("first")
    assert collector.arrived.wait(5)
    began = time.perf_counter()
    for _ in range(1000):
        raceway.event("more")
    assert time.perf_counter() - began < 5, "recording waits for nobody"
    assert raceway.stats()["waiting"] == 10
    collector.gate.set()
    assert raceway.flush()
    assert collector.batches[-1]["dropped"] == {"queue_full": 990}
    assert len(collector.events) == 11


def test_an_event_after_a_dropped_one_names_no_missing_parent(collector: Any, start: Start) -> None:
    start(queue_size=2)
    collector.gate.clear()
    raceway.event("first")
    assert collector.arrived.wait(5)
    for _ in range(5):
        raceway.event("more")
    collector.gate.set()
    assert raceway.flush()
    raceway.event("last")
    assert raceway.flush()
    ids = {event["id"] for event in collector.events}
    assert {event["parent_id"] for event in collector.events} <= ids | {None}


def test_nobody_listens(caplog: pytest.LogCaptureFixture, start: Start, collector: Any) -> None:
    collector.close()
    with caplog.at_level(logging.WARNING, "raceway"):
        start()
        raceway.event("hello")
        assert not raceway.flush(0.5)
        raceway.stop(0.1)
    assert len([record for record in caplog.records if "is away" in record.getMessage()]) == 1


def test_the_key_is_sent_and_only_there(collector: Any, start: Start) -> None:
    start(key="rw_ingest_x")
    raceway.event("hello")
    assert raceway.flush()
    (batch,) = collector.batches
    assert batch["headers"]["Authorization"] == "Bearer rw_ingest_x"
    assert "rw_ingest_x" not in str(batch["events"])


def test_broken_text_costs_no_batch(collector: Any, start: Start) -> None:
    start()
    raceway.event("broken", text="\ud800")
    raceway.event("whole", text="é")
    assert raceway.flush()
    texts = [event["kind"]["Custom"]["data"]["text"] for event in collector.events]
    assert texts == ["?", "é"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("-1", None),
        ("soon", None),
        ("Tue, 24 Nov 2026 12:00:10 GMT", 10.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, datetime(2026, 11, 24, 12, tzinfo=UTC)) == seconds


def test_the_pause_grows_within_bounds_and_is_jittered_fully() -> None:
    assert [pause(n, None, 0.999) <= 5.0 for n in range(1, 2000)] == [True] * 1999
    assert pause(5, None, 0.0) == 0.0
    assert pause(1, None, 0.5) < pause(2, None, 0.5) < pause(4, None, 0.5)
    assert pause(1, 3.0, 0.0) == 3.0
    assert pause(1, 1e9, 0.0) == 30.0


def test_a_server_that_closes_idle_connections_is_not_away(
    collector: Any, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    collector.hangs_up = True
    start()
    for number in range(5):
        raceway.event("step", number=number)
        assert raceway.flush()
    assert len(collector.events) == 5
    assert raceway.stats()["retries"] == 0
    assert caplog.records == []


def test_bodies_for_another_host_are_compressed(collector: Any) -> None:
    another_spelling = collector.url.replace("127.0.0.1", "2130706433")
    raceway.start("shop", url=another_spelling)
    raceway.event("hello", text="x" * 500)
    assert raceway.flush()
    raceway.stop()
    (batch,) = collector.batches
    assert batch["headers"]["Content-Encoding"] == "gzip"
    assert int(batch["headers"]["Content-Length"]) < 700
