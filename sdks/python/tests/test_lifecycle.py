"""Starting, stopping, switching off, ending: the application never notices."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import raceway
from raceway.settings import read_settings

Events = Callable[[], list[dict[str, Any]]]
UNSET: dict[str, Any] = dict.fromkeys(["url", "key", "root", "environment", "sample", "redact"]) | {
    "queue_size": 8
}


def test_nothing_happens_before_start() -> None:
    accounts = {"alice": 1}
    assert raceway.watch(accounts, "accounts") is accounts
    raceway.read("x", 1)
    raceway.write("x", 1)
    raceway.error(ValueError("x"))
    raceway.event("x")
    with raceway.span("x"), raceway.lock("x"):
        pass
    assert raceway.flush()
    raceway.stop()
    assert raceway.stats()["sent"] == 0


def test_a_second_start_changes_nothing(recorded: Events) -> None:
    raceway.event("one")
    raceway.start("other", url="http://127.0.0.1:9")
    raceway.event("two")
    assert {event["metadata"]["service_name"] for event in recorded()} == {"shop"}


def test_it_can_start_again(collector: Any, start: Callable[..., None]) -> None:
    for service in ("first", "second"):
        start(service)
        raceway.event("hello")
        raceway.stop()
    metadata = [event["metadata"] for event in collector.events]
    assert [entry["service_name"] for entry in metadata] == ["first", "second"]
    assert len({entry["instance_id"] for entry in metadata}) == 2


@pytest.mark.parametrize("value", ["1", "true", "yes"])
def test_the_environment_switches_it_off(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., None], collector: Any, value: str
) -> None:
    monkeypatch.setenv("RACEWAY_DISABLED", value)
    before = threading.Lock
    start()
    raceway.event("hello")
    assert threading.Lock is before
    assert raceway.flush()
    assert collector.events == []


def test_the_environment_completes_the_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RACEWAY_URL", "http://raceway:1234/base")
    monkeypatch.setenv("RACEWAY_API_KEY", "rw_ingest_x")
    monkeypatch.setenv("RACEWAY_ENVIRONMENT", "production")
    monkeypatch.setenv("RACEWAY_SAMPLE", "0.25")
    settings = read_settings("shop", **UNSET)
    assert (settings.url, settings.key) == ("http://raceway:1234/base", "rw_ingest_x")
    assert (settings.environment, settings.sample) == ("production", 0.25)
    assert read_settings("shop", **UNSET | {"url": "http://here:1"}).url == "http://here:1"


@pytest.mark.parametrize(
    "url", ["ftp://x", "nonsense", "http://", "http://x:99999", "http://x:y", "http://[::1"]
)
def test_an_address_that_cannot_be_used_is_reported(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert read_settings("shop", **UNSET | {"url": url}).url == "http://127.0.0.1:8080"
    assert "RACEWAY_URL" in caplog.text


@pytest.mark.parametrize("sample", ["-1", "2", "nan", "half"])
def test_a_share_that_is_none_is_reported(
    sample: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACEWAY_SAMPLE", sample)
    assert read_settings("shop", **UNSET).sample == 1.0
    assert "RACEWAY_SAMPLE" in caplog.text


def test_more_names_are_secret_on_request(collector: Any, start: Callable[..., None]) -> None:
    start(redact="balance")
    raceway.write("balance", 7)
    raceway.write("colour", "red")
    raceway.write("password", "x")
    assert raceway.flush()
    changes = collector.of_kind("StateChange")
    assert [change.get("new_value") for change in changes] == [None, "red", None]


def test_no_trace_is_recorded_at_a_share_of_zero(collector: Any, start: Callable[..., None]) -> None:
    start(sample=0.0)
    accounts = raceway.watch({"alice": 1}, "accounts")
    accounts["alice"] += 1
    raceway.event("hello")
    assert raceway.flush()
    assert collector.events == []


def test_what_was_recorded_last_is_sent_at_the_end(collector: Any) -> None:
    program = "import raceway, sys; raceway.start('short', url=sys.argv[1]); raceway.event('only')"
    subprocess.run([sys.executable, "-c", program, collector.url], check=True, timeout=30)
    assert [event["name"] for event in collector.of_kind("Custom")] == ["only"]


def test_an_end_without_a_server_is_quick_and_clean() -> None:
    program = "import raceway; raceway.start('short', url='http://127.0.0.1:9'); raceway.event('only')"
    done = subprocess.run(
        [sys.executable, "-c", program], timeout=30, check=True, capture_output=True, text=True
    )
    assert done.stderr.count("\n") <= 1, done.stderr
    assert "is away" in done.stderr


def test_a_finalizer_and_a_signal_may_record_at_any_moment(collector: Any) -> None:
    program = """
import gc, os, signal, sys, threading, raceway
raceway.start("busy", url=sys.argv[1], queue_size=200_000)
shop = raceway.watch({"tea": 0}, "shop")

class Noisy:
    def __del__(self):
        shop["tea"] += 1

def interrupt(*_):
    shop["tea"] += 1
    raceway.event("signal")

signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
gc.set_threshold(20)
for number in range(3000):
    noisy = Noisy()
    noisy.self = noisy
    shop["tea"] += 1
    if number % 500 == 0:
        raceway.flush()
signal.setitimer(signal.ITIMER_REAL, 0)
raceway.flush()
print(raceway.stats()["dropped"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, collector.url], timeout=50, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "{}", done.stderr
    versions = [
        change["version"] for change in collector.of_kind("StateChange") if change["access_type"] == "Write"
    ]
    assert sorted(versions) == list(range(1, len(versions) + 1))


def test_a_killed_process_loses_only_what_was_not_sent(collector: Any) -> None:
    program = """
import os, signal, sys, raceway
raceway.start("killed", url=sys.argv[1])
raceway.event("sent")
raceway.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program, collector.url], timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [event["name"] for event in collector.of_kind("Custom")] == ["sent"]


def test_spans_time_blocks_functions_and_coroutines(recorded: Events) -> None:
    import asyncio

    @raceway.span("add")
    def add(a: int, b: int) -> int:
        return a + b

    @raceway.span("wait")
    async def wait() -> str:
        await asyncio.sleep(0)
        return "done"

    @raceway.span("fail")
    def fail() -> None:
        raise LookupError("gone")

    assert add(1, b=2) == 3
    assert asyncio.run(wait()) == "done"
    with pytest.raises(LookupError):
        fail()
    seen = [(kind, fields.get("function_name")) for e in recorded() for kind, fields in e["kind"].items()]
    assert [entry for entry in seen if entry[0].startswith("Function")] == [
        (kind, name) for name in ("add", "wait", "fail") for kind in ("FunctionCall", "FunctionReturn")
    ]
    assert ("Error", None) in seen
    returns = [event for event in recorded() if "FunctionReturn" in event["kind"]]
    assert all(event["metadata"]["duration_ns"] >= 0 for event in returns)


def test_locations_do_not_depend_on_where_the_program_was_started(collector: Any, tmp_path: Path) -> None:
    program = tmp_path / "shop" / "main.py"
    program.parent.mkdir()
    program.write_text(
        "import raceway, sys; raceway.start('shop', url=sys.argv[1])\n\n"
        "def sell(): raceway.write('x', 1)\nsell()\n"
    )
    for directory in (tmp_path, program.parent, Path.cwd()):
        command = [sys.executable, str(program), collector.url]
        subprocess.run(command, cwd=directory, check=True, timeout=30)
    assert [change["location"] for change in collector.of_kind("StateChange")] == [
        "shop/main.py:3 sell",
        "main.py:3 sell",
        "main.py:3 sell",
    ]
