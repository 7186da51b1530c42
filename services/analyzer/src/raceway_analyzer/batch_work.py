"""A batch of claimed traces: read, analyze, replace. And a batch of claimed runs, likewise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

import msgspec
import structlog

from raceway_analyzer.analyst import Analyst
from raceway_analyzer.job import Job, LocksJob, RunJob
from raceway_analyzer.recent import RecentChunks
from raceway_analyzer.stores import Stores
from raceway_common.ports.event_store import StoredTrace
from raceway_common.ports.work_queue import RunClaim, TraceClaim
from raceway_core.event import TraceId

log = structlog.get_logger()

MOST_EVENTS = 50_000
"""Traces of so many events together are in memory at once; a larger one is alone."""

MOST_WINDOWS = 20_000
"""Runs of so many windows together, likewise."""

MOST_PARTS = 4
"""A batch fills at most so many parts: its leases must outlast it, and other replicas have work too."""

Claim = TypeVar("Claim", TraceClaim, RunClaim)

Batch: TypeAlias = Callable[[], Awaitable[None]]
"""Does all of a batch and completes its claims; raises Retryable when a store is away."""


class Work(Protocol):
    """A kind of work that falls due."""

    async def claim(self, owner: str) -> Batch | None:
        """Lease a batch for `owner` and return it, None when nothing is due.

        Raises:
            Retryable: The queue is away.
        """
        ...


class TraceWork:
    """Keeps the results of traces current."""

    def __init__(
        self,
        stores: Stores,
        analyst: Analyst,
        recent: RecentChunks,
        *,
        now_ns: Callable[[], int],
        most: int = 512,
    ) -> None:
        """Lease up to `most` traces at once; in large batches each costs the database least."""
        self._stores = stores
        self._analyst = analyst
        self._recent = recent
        self._now_ns = now_ns
        self._most = most

    async def claim(self, owner: str) -> Batch | None:
        """Lease due traces."""
        claims = await self._stores.queue.claim_traces(
            self._most, owner=owner, now_ns=self._now_ns(), most_size=MOST_PARTS * MOST_EVENTS
        )
        return partial(self._analyze, claims) if claims else None

    async def _analyze(self, claims: Sequence[TraceClaim]) -> None:
        for part in parts(claims, MOST_EVENTS):
            done = await self._analyst.analyze(await self._jobs(part))
            for failure in (each for each in done if each.error):
                trace_id = failure.outcome.claim.trace_id
                log.error("analysis_failed", trace_id=trace_id, error=failure.error)
            await self._stores.traces.replace([each.outcome for each in done], now_ns=self._now_ns())

    async def _jobs(self, claims: Sequence[TraceClaim]) -> list[Job]:
        found = {claim.trace_id: held for claim in claims if (held := self._recent.find(claim))}
        missing = [claim.trace_id for claim in claims if claim.trace_id not in found]
        if missing:
            found |= await self._stores.events.read(missing)
        return list(_jobs_of(claims, found))


class RunWork:
    """Keeps the findings of runs current."""

    def __init__(
        self, stores: Stores, analyst: Analyst, *, now_ns: Callable[[], int], most: int = 256
    ) -> None:
        """Lease up to `most` runs at once."""
        self._stores = stores
        self._analyst = analyst
        self._now_ns = now_ns
        self._most = most

    async def claim(self, owner: str) -> Batch | None:
        """Lease due runs."""
        claims = await self._stores.queue.claim_runs(
            self._most, owner=owner, now_ns=self._now_ns(), most_size=MOST_PARTS * MOST_WINDOWS
        )
        return partial(self._count, claims) if claims else None

    async def _count(self, claims: Sequence[RunClaim]) -> None:
        for part in parts(claims, MOST_WINDOWS):
            done = await self._analyst.count(await self._jobs(part))
            for failure in (each for each in done if each.error):
                claim = failure.outcome.claim
                log.error("run_failed", variable=claim.variable, span=claim.span, error=failure.error)
            await self._stores.findings.replace_runs([each.outcome for each in done], now_ns=self._now_ns())

    async def _jobs(self, claims: Sequence[RunClaim]) -> list[RunJob | LocksJob]:
        jobs: list[RunJob | LocksJob] = []
        of_variables = [claim for claim in claims if claim.locks_of is None]
        if of_spans := [claim for claim in of_variables if not claim.is_ever]:
            windows = await self._stores.traces.windows(of_spans)
            jobs += [RunJob(*job) for job in zip(of_spans, map(tuple, windows), strict=True)]
        if ever := [claim for claim in of_variables if claim.is_ever]:
            exemplars = await self._stores.traces.exemplars(ever)
            jobs += [RunJob(*job) for job in zip(ever, map(tuple, exemplars), strict=True)]
        if of_locks := [claim for claim in claims if claim.locks_of is not None]:
            classes = await self._stores.traces.lock_classes(of_locks)
            jobs += [LocksJob(*job) for job in zip(of_locks, map(tuple, classes), strict=True)]
        return jobs


def parts(claims: Sequence[Claim], most: int) -> Iterator[list[Claim]]:
    """Yield the claims in parts of at most `most` in size together, or of one claim."""
    part: list[Claim] = []
    size = 0
    for claim in claims:
        if part and size + claim.size > most:
            yield part
            part, size = [], 0
        part.append(claim)
        size += claim.size
    if part:
        yield part


def _jobs_of(claims: Sequence[TraceClaim], found: Mapping[TraceId, StoredTrace]) -> Iterator[Job]:
    for claim in claims:
        if stored := found.get(claim.trace_id):
            newest = msgspec.structs.replace(claim, version=stored.version)
            yield Job(newest, stored.chunks)
        else:
            log.warning("claimed_trace_missing", trace_id=claim.trace_id)
