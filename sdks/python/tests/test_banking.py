"""The banks of the examples, as processes: what they record, and that a lock is seen where it is held."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BANKING = Path(__file__).parents[3] / "examples" / "banking"


def _load_traffic() -> Any:
    spec = importlib.util.spec_from_file_location("traffic", BANKING / "traffic.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


traffic = _load_traffic()


@contextmanager
def bank(name: str, collector: Any, directory: Path) -> Iterator[str]:
    """Run a bank; what it recorded has arrived when the block ends."""
    environment = os.environ | {"RACEWAY_URL": collector.url, "PORT": "0", "BANK_DATA": str(directory)}
    with subprocess.Popen(
        [sys.executable, f"{name}.py"], cwd=BANKING, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        ready = next(filter(None, (re.search(r"unning on (http://\S+)", line) for line in process.stderr)))
        yield ready[1]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


@pytest.mark.parametrize("name", ["bank", "bank_locked", "bank_asyncio"])
def test_every_transfer_is_recorded_and_none_is_made_up(name: str, collector: Any, tmp_path: Path) -> None:
    with bank(name, collector, tmp_path) as url:
        outcome = traffic.drive(url, transfers=12, at_once=4)
    assert outcome.confirmed == 12
    requests = collector.of_kind("HttpRequest")
    assert len({request["event"]["trace_id"] for request in requests}) == len(requests) == 16
    assert {response["status"] for response in collector.of_kind("HttpResponse")} == {200}
    writes = [change for change in collector.of_kind("StateChange") if change["access_type"] == "Write"]
    assert len(writes) == 24
    for account in traffic.ACCOUNTS:
        versions = sorted(write["version"] for write in writes if account in write["variable"])
        assert versions == list(range(1, 13))
    assert {write["location"].split()[1] for write in writes} == {"transfer"}


@pytest.mark.parametrize("name", ["bank_locked", "bank_asyncio"])
def test_the_right_lock_is_held_at_every_access(name: str, collector: Any, tmp_path: Path) -> None:
    with bank(name, collector, tmp_path) as url:
        outcome = traffic.drive(url, transfers=12, at_once=4)
    assert outcome.before == outcome.after
    accesses = collector.of_kind("StateChange")
    assert accesses
    assert len({str(access["event"]["lock_set"]) for access in accesses}) == 1
    (lock,) = accesses[0]["event"]["lock_set"]
    assert re.fullmatch(rf"accounts_lock@{name}\.py:\d+", lock["id"])
    assert (lock["mode"], lock["scope"]) == ("exclusive", "process")
    grants = sorted(acquire["grant"] for acquire in collector.of_kind("LockAcquire"))
    assert grants == list(range(1, 17))
