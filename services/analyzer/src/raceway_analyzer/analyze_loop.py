"""The analyze loop: claim what is due, and keep a few batches of it under way.

While the database reads and writes one batch the worker processes compute another. A batch that
fails is given back after a pause; one that is lost with this process becomes due again when its
lease ends. Results are functions of the events, so doing something twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import anyio
import structlog
from anyio.abc import TaskGroup, TaskStatus

from raceway_analyzer.batch_work import Batch, Work
from raceway_analyzer.bell import Bell
from raceway_analyzer.give_way import GiveWay, never_give_way
from raceway_common.ports.work_queue import WorkQueue
from raceway_core.errors import Retryable

log = structlog.get_logger()

BATCHES_UNDER_WAY = 3

PAUSE_S = 1.0
"""How long a batch that failed, or a queue that is away, is left alone."""

POLL_S = 1.0
"""How soon an idle loop sees what another replica stored."""

LEAST_REST_S = 0.02
RELEASE_DEADLINE_S = 2.0


class AnalyzeLoop:
    """Sees due work through; `bell` rings when there may be some."""

    def __init__(
        self,
        queue: WorkQueue,
        works: Sequence[Work],
        *,
        owner: str,
        now_ns: Callable[[], int],
        bell: Bell,
        give_way: GiveWay = never_give_way,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._queue = queue
        self._works = works
        self._owners = (f"{owner}/{number}" for number in count())
        self._now_ns = now_ns
        self._bell = bell
        self._give_way = give_way
        self._pause_s = pause_s
        self._free = anyio.Semaphore(BATCHES_UNDER_WAY)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Analyze until cancelled; then give back what is claimed."""
        async with anyio.create_task_group() as group:
            task_status.started()
            while True:
                await self._give_way()
                try:
                    began = [await self._begin(work, group) for work in self._works]
                    if not any(began):
                        await self._rest()
                except Retryable as error:
                    log.warning("work_queue_away", error=str(error))
                    await anyio.sleep(self._pause_s)

    async def _begin(self, work: Work, group: TaskGroup) -> bool:
        """Claim a batch and start on it; tell whether there was any."""
        await self._free.acquire()
        owner = next(self._owners)
        batch = None
        try:
            batch = await work.claim(owner)
        finally:
            if batch is None:
                self._free.release()
        if batch is None:
            return False
        group.start_soon(self._see_through, batch, owner)
        return True

    async def _see_through(self, batch: Batch, owner: str) -> None:
        is_done = False
        try:
            await batch()
            is_done = True
        except Retryable as error:
            log.warning("batch_postponed", owner=owner, error=str(error))
            await anyio.sleep(self._pause_s)
        except Exception:
            log.exception("batch_failed", owner=owner)
            await anyio.sleep(self._pause_s)
        finally:
            if not is_done:
                await self._give_back(owner)
            self._free.release()
            self._bell.ring()

    async def _give_back(self, owner: str) -> None:
        with anyio.move_on_after(RELEASE_DEADLINE_S, shield=True):
            try:
                await self._queue.release(owner=owner)
            except Retryable as error:  # the leases end by themselves
                log.warning("release_failed", owner=owner, error=str(error))

    async def _rest(self) -> None:
        """Return when work is due. What others store is noticed within `POLL_S`."""
        await anyio.sleep(LEAST_REST_S)  # what is due may be on its way to another replica
        while (wait_s := await self._due_in_s()) > 0:
            await self._bell.wait(at_most_s=wait_s)

    async def _due_in_s(self) -> float:
        next_ns = await self._queue.next_due_ns()
        return POLL_S if next_ns is None else min((next_ns - self._now_ns()) / 1e9, POLL_S)
