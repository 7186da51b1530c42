"""Analyses in worker processes, any number of traces at a time, with the dead buried.

A worker process may die: killed from outside, or by a trace that takes all memory. The traces it had
are then tried again one by one, so that one of them cannot take the others along; a trace whose
worker dies twice while it is alone is recorded as failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import anyio
import anyio.to_process
import msgspec
import structlog
from anyio import BrokenWorkerProcess, CapacityLimiter, Semaphore

from raceway_analyzer.job import Counted, Done, Job, Lot, RunJob, analyze_lot, count_run, failed
from raceway_core.event import TraceId
from raceway_core.options import Options
from raceway_core.result import Window

log = structlog.get_logger()

LOT_TRACES = 64
LOT_BYTES = 2**20
DEADLINE_S = 600.0
"""No analysis takes that long; a worker that does has run into a fault of ours and is killed."""

ATTEMPTS_ALONE = 2

_encoder = msgspec.msgpack.Encoder()
_dones = msgspec.msgpack.Decoder(list[Done])
_counted = msgspec.msgpack.Decoder(Counted)


class Analyst:
    """Runs analyses in at most `workers` processes, which it starts when they are needed."""

    def __init__(self, *, workers: int, options: Options) -> None:
        self._workers = workers
        self._turns = Semaphore(workers)
        self._processes = CapacityLimiter(workers)
        self._options = options

    async def warm_up(self) -> None:
        """Start every worker, so that the first analysis need not wait for one."""
        async with anyio.create_task_group() as group:
            for _ in range(self._workers):
                group.start_soon(self._analyze_lot, ())

    async def analyze(self, jobs: Sequence[Job]) -> list[Done]:
        """Return what became of each trace, in any order."""
        done: list[Done] = []

        async def work(lot: Sequence[Job]) -> None:
            done.extend(await self._survive(lot))

        async with anyio.create_task_group() as group:
            for lot in lots(jobs):
                group.start_soon(work, lot)
        return done

    async def count_run(self, span: int, windows: Sequence[tuple[TraceId, Window]]) -> Counted:
        """Return what became of a run.

        Raises:
            BrokenWorkerProcess: The worker died.
        """
        job = _encoder.encode(RunJob(span, tuple(windows)))
        return _counted.decode(await self._in_process(count_run, job))

    async def _survive(self, jobs: Sequence[Job]) -> list[Done]:
        try:
            return await self._analyze_lot(jobs)
        except BrokenWorkerProcess:
            log.warning("analysis_worker_died", traces=len(jobs))
        return [await self._alone(job) for job in jobs]

    async def _alone(self, job: Job) -> Done:
        for _ in range(ATTEMPTS_ALONE):
            try:
                return (await self._analyze_lot((job,)))[0]
            except BrokenWorkerProcess:
                log.warning("analysis_worker_died", traces=1, trace_id=job.claim.trace_id)
        return failed(job.claim, [], "the worker process died while it analyzed this trace alone")

    async def _analyze_lot(self, jobs: Sequence[Job]) -> list[Done]:
        lot = _encoder.encode(Lot(tuple(jobs), self._options))
        return _dones.decode(await self._in_process(analyze_lot, lot))

    async def _in_process(self, work: Callable[[bytes], bytes], job: bytes) -> bytes:
        async with self._turns:  # the deadline is for the work, not for waiting for a worker
            with anyio.move_on_after(DEADLINE_S):
                return await anyio.to_process.run_sync(work, job, cancellable=True, limiter=self._processes)
            raise BrokenWorkerProcess(f"no result within {DEADLINE_S:g} s")


def lots(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield the jobs in lots of a bounded number and size; a huge trace is a lot of its own."""
    lot: list[Job] = []
    lot_bytes = 0
    for job in jobs:
        job_bytes = sum(memoryview(chunk).nbytes for chunk in job.chunks)
        if lot and (len(lot) == LOT_TRACES or lot_bytes + job_bytes > LOT_BYTES):
            yield lot
            lot, lot_bytes = [], 0
        lot.append(job)
        lot_bytes += job_bytes
    if lot:
        yield lot
