"""Real processes: they compute, they may be killed, and they never hold anything up for ever."""

from __future__ import annotations

import os
import signal

import anyio
import pytest
from anyio import BrokenWorkerProcess
from tests.unit.analyzer import tasks

from raceway_analyzer.job import load
from raceway_analyzer.processes import Processes

pytestmark = pytest.mark.anyio


async def test_a_killed_process_is_reported_and_replaced() -> None:
    processes = Processes(1)
    await processes.warm_up(load)
    first = int(await processes.run(tasks.own_pid, b""))
    os.kill(first, signal.SIGKILL)
    with pytest.raises(BrokenWorkerProcess):
        await processes.run(tasks.kill_itself, b"")

    second = int(await processes.run(tasks.own_pid, b""))
    assert os.getpid() != second != first


async def test_a_process_that_takes_too_long_is_killed() -> None:
    processes = Processes(1, deadline_s=0.5)
    await processes.warm_up(load)
    with anyio.fail_after(30), pytest.raises(BrokenWorkerProcess, match=r"within 0\.5 s"):
        await processes.run(tasks.never_return, b"")
