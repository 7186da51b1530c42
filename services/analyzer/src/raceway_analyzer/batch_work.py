"""A batch of claimed traces: read, analyze, replace. And a batch of claimed runs, likewise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeAlias

import msgspec
import structlog

from raceway_analyzer.analyst import Analyst
from raceway_analyzer.job import Job
from raceway_analyzer.recent import RecentChunks
from raceway_analyzer.stores import Stores
from raceway_common.ports.event_store import StoredTrace
from raceway_common.ports.work_queue import RunClaim, TraceClaim
from raceway_core.event import TraceId
from raceway_core.finding import Finding

log = structlog.get_logger()

MOST_RUNS = 16
MOST_EVENTS = 50_000
"""Traces of so many events together are in memory at once; a larger one is alone."""

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
        most: int = 128,
    ) -> None:
        """Lease up to `most` traces at once; in large batches each costs the database least."""
        self._stores = stores
        self._analyst = analyst
        self._recent = recent
        self._now_ns = now_ns
        self._most = most

    async def claim(self, owner: str) -> Batch | None:
        """Lease due traces."""
        claims = await self._stores.queue.claim_traces(self._most, owner=owner, now_ns=self._now_ns())
        return partial(self._analyze, claims) if claims else None

    async def _analyze(self, claims: Sequence[TraceClaim]) -> None:
        for part in parts(claims):
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

    def __init__(self, stores: Stores, analyst: Analyst, *, now_ns: Callable[[], int]) -> None:
        self._stores = stores
        self._analyst = analyst
        self._now_ns = now_ns

    async def claim(self, owner: str) -> Batch | None:
        """Lease due runs."""
        claims = await self._stores.queue.claim_runs(MOST_RUNS, owner=owner, now_ns=self._now_ns())
        return partial(self._count, claims) if claims else None

    async def _count(self, claims: Sequence[RunClaim]) -> None:
        for claim in claims:
            findings = await self._findings(claim)
            await self._stores.findings.replace_run(claim, findings, now_ns=self._now_ns())

    async def _findings(self, claim: RunClaim) -> Sequence[Finding]:
        """Return the findings of a run; none, and an error in the log, where it cannot be counted."""
        windows = await self._stores.traces.windows(claim)
        counted = await self._analyst.count_run(claim.span, windows)
        if counted.error:
            log.error("run_failed", variable=claim.variable, span=claim.span, error=counted.error)
        return counted.findings


def parts(claims: Sequence[TraceClaim]) -> Iterator[list[TraceClaim]]:
    """Yield the claims in parts of at most `MOST_EVENTS` events, or of one trace."""
    part: list[TraceClaim] = []
    size = 0
    for claim in claims:
        if part and size + claim.size > MOST_EVENTS:
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
            yield Job(newest, tuple(map(msgspec.Raw, stored.chunks)))
        else:
            log.warning("claimed_trace_missing", trace_id=claim.trace_id)
