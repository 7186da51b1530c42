"""Worker processes for CPU work: bytes in, bytes out, any one of them may die."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_process
import structlog
from anyio import BrokenWorkerProcess, CapacityLimiter, Semaphore

from raceway_analyzer.inside import get_ready, work_on

T = TypeVar("T")

log = structlog.get_logger()

DEADLINE_S = 600.0
"""No analysis takes that long; a worker that does has run into a fault of ours and is killed."""


class Processes:
    """At most `most` processes. They start when they are needed and end with the event loop."""

    def __init__(self, most: int, *, deadline_s: float = DEADLINE_S) -> None:
        self._most = most
        self._deadline_s = deadline_s
        self._turns = Semaphore(most)
        self._limiter = CapacityLimiter(most)

    async def run(self, work: Callable[[bytes], bytes], job: bytes) -> bytes:
        """Return `work(job)`, computed in a process when one is free. Cancelling kills that process.

        Raises:
            BrokenWorkerProcess: The process died, or took longer than the deadline.
        """
        async with self._turns:  # the deadline is for the work, not for waiting for a process
            with anyio.move_on_after(self._deadline_s):
                return await self._to_process(partial(work_on, work, job))
            raise BrokenWorkerProcess(f"no result within {self._deadline_s:g} s")

    async def warm_up(self, load: Callable[[], None]) -> None:
        """Start every process and run `load` in it, so that the first analysis need not wait for that."""
        async with anyio.create_task_group() as group:
            for _ in range(self._most):
                group.start_soon(self._start_one, load)

    async def _start_one(self, load: Callable[[], None]) -> None:
        try:
            await self._to_process(partial(get_ready, load))
        except BrokenWorkerProcess as error:  # the first analysis tries again
            log.warning("worker_start_failed", error=str(error))

    async def _to_process(self, work: Callable[[], T]) -> T:
        return await anyio.to_process.run_sync(work, cancellable=True, limiter=self._limiter)
