"""Analyses in worker processes, any number of traces at a time.

A worker may die: killed from outside, or by a trace that takes all memory. The traces it had are
then tried again one by one, so that one of them cannot take the others along; a trace whose worker
dies twice while it is alone is recorded as failed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeAlias

import anyio
import msgspec
import structlog
from anyio import BrokenWorkerProcess

from raceway_analyzer.job import Counted, Done, Job, Lot, RunJob, analyze_lot, count_run, failed
from raceway_core.event import TraceId
from raceway_core.options import Options
from raceway_core.result import Window

log = structlog.get_logger()

LOT_TRACES = 64
LOT_BYTES = 2**20
ATTEMPTS_ALONE = 2

RunElsewhere: TypeAlias = Callable[[Callable[[bytes], bytes], bytes], Awaitable[bytes]]
"""Runs a function on bytes somewhere; raises BrokenWorkerProcess when that place is lost."""

_encoder = msgspec.msgpack.Encoder()
_dones = msgspec.msgpack.Decoder(list[Done])
_counted = msgspec.msgpack.Decoder(Counted)


class Analyst:
    """Analyzes with one set of options wherever `run` takes the work."""

    def __init__(self, run: RunElsewhere, options: Options) -> None:
        self._run = run
        self._options = options

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
        """Return what became of a run."""
        job = _encoder.encode(RunJob(span, tuple(windows)))
        for _ in range(ATTEMPTS_ALONE):
            try:
                return _counted.decode(await self._run(count_run, job))
            except BrokenWorkerProcess:
                log.warning("run_worker_died", span=span, windows=len(windows))
        return Counted((), "the worker process died while it counted this run")

    async def _survive(self, jobs: Sequence[Job]) -> list[Done]:
        try:
            return await self._analyze(jobs)
        except BrokenWorkerProcess:
            log.warning("analysis_worker_died", traces=len(jobs))
        return [await self._alone(job) for job in jobs]

    async def _alone(self, job: Job) -> Done:
        for _ in range(ATTEMPTS_ALONE):
            try:
                return (await self._analyze((job,)))[0]
            except BrokenWorkerProcess:
                log.warning("analysis_worker_died", traces=1, trace_id=job.claim.trace_id)
        return failed(job.claim, [], "the worker process died while it analyzed this trace alone")

    async def _analyze(self, jobs: Sequence[Job]) -> list[Done]:
        lot = _encoder.encode(Lot(tuple(jobs), self._options))
        return _dones.decode(await self._run(analyze_lot, lot))


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
