"""Analyses in worker processes, any number of traces or runs at a time.

A worker may die: killed from outside, or by a job that takes all memory. The jobs it had are then
tried again one by one, so that one of them cannot take the others along; a job whose worker dies
twice while it is alone is recorded as failed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Generic, TypeAlias, TypeVar

import anyio
import msgspec
import structlog
from anyio import BrokenWorkerProcess

from raceway_analyzer.job import (
    Done,
    Job,
    LocksJob,
    Lot,
    RunDone,
    RunJob,
    analyze_lot,
    count_runs,
    failed,
    uncounted,
)
from raceway_core.options import Options

log = structlog.get_logger()

LOT_JOBS = 64
LOT_BYTES = 2**20
ATTEMPTS_ALONE = 2
DIED = "the worker process died while it had this job alone"

RunElsewhere: TypeAlias = Callable[[Callable[[bytes], bytes], bytes], Awaitable[bytes]]
"""Runs a function on bytes somewhere; raises BrokenWorkerProcess when that place is lost."""

AnyJob = TypeVar("AnyJob")
AnyDone = TypeVar("AnyDone")

_encoder = msgspec.msgpack.Encoder()
_dones = msgspec.msgpack.Decoder(list[Done])
_run_dones = msgspec.msgpack.Decoder(list[RunDone])


class Craft(msgspec.Struct, Generic[AnyJob, AnyDone], frozen=True):
    """How one kind of job is done elsewhere: `work` takes what `pack` makes and gives what `unpack` reads."""

    work: Callable[[bytes], bytes]
    pack: Callable[[Sequence[AnyJob]], bytes]
    unpack: Callable[[bytes], list[AnyDone]]
    give_up: Callable[[AnyJob], AnyDone]
    size_bytes: Callable[[AnyJob], int]


class Analyst:
    """Analyzes with one set of options wherever `run` takes the work."""

    def __init__(self, run: RunElsewhere, options: Options) -> None:
        self._run = run
        self._traces: Craft[Job, Done] = Craft(
            work=analyze_lot,
            pack=lambda jobs: _encoder.encode(Lot(tuple(jobs), options)),
            unpack=_dones.decode,
            give_up=lambda job: failed(job.claim, [], DIED),
            size_bytes=trace_bytes,
        )
        self._runs: Craft[RunJob | LocksJob, RunDone] = Craft(
            work=count_runs,
            pack=_encoder.encode,
            unpack=_run_dones.decode,
            give_up=lambda job: uncounted(job.claim, DIED),
            size_bytes=run_bytes,
        )

    async def analyze(self, jobs: Sequence[Job]) -> list[Done]:
        """Return what became of each trace, in any order."""
        return await self._do(self._traces, jobs)

    async def count(self, jobs: Sequence[RunJob | LocksJob]) -> list[RunDone]:
        """Return what became of each run, in any order."""
        return await self._do(self._runs, jobs)

    async def _do(self, craft: Craft[AnyJob, AnyDone], jobs: Sequence[AnyJob]) -> list[AnyDone]:
        done: list[AnyDone] = []

        async def work(lot: Sequence[AnyJob]) -> None:
            done.extend(await self._survive(craft, lot))

        async with anyio.create_task_group() as group:
            for lot in lots(jobs, craft.size_bytes):
                group.start_soon(work, lot)
        return done

    async def _survive(self, craft: Craft[AnyJob, AnyDone], jobs: Sequence[AnyJob]) -> list[AnyDone]:
        try:
            return await self._elsewhere(craft, jobs)
        except BrokenWorkerProcess:
            log.warning("analysis_worker_died", jobs=len(jobs))
        return [await self._alone(craft, job) for job in jobs]

    async def _alone(self, craft: Craft[AnyJob, AnyDone], job: AnyJob) -> AnyDone:
        for _ in range(ATTEMPTS_ALONE):
            try:
                return (await self._elsewhere(craft, (job,)))[0]
            except BrokenWorkerProcess:
                log.warning("analysis_worker_died", jobs=1)
        return craft.give_up(job)

    async def _elsewhere(self, craft: Craft[AnyJob, AnyDone], jobs: Sequence[AnyJob]) -> list[AnyDone]:
        return craft.unpack(await self._run(craft.work, craft.pack(jobs)))


def trace_bytes(job: Job) -> int:
    """Return the size of a trace's events."""
    return sum(memoryview(chunk).nbytes for chunk in job.chunks)


def run_bytes(job: RunJob | LocksJob) -> int:
    """Return the size of what a run compares."""
    if isinstance(job, RunJob):
        return sum(len(window.body) for _, window in job.windows)
    return sum(len(body) for one in job.classes for body in (one.body, *one.examples))


def lots(jobs: Sequence[AnyJob], size_bytes: Callable[[AnyJob], int]) -> Iterator[list[AnyJob]]:
    """Yield the jobs in lots of a bounded number and size; a huge job is a lot of its own."""
    lot: list[AnyJob] = []
    lot_bytes = 0
    for job in jobs:
        job_bytes = size_bytes(job)
        if lot and (len(lot) == LOT_JOBS or lot_bytes + job_bytes > LOT_BYTES):
            yield lot
            lot, lot_bytes = [], 0
        lot.append(job)
        lot_bytes += job_bytes
    if lot:
        yield lot
