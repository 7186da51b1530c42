"""The analyzer: the store loop and the analyze loop, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import msgspec
import structlog
from anyio.abc import TaskStatus

from raceway_analyzer.analyst import Analyst
from raceway_analyzer.analyze_loop import AnalyzeLoop
from raceway_analyzer.batch_work import RunWork, TraceWork
from raceway_analyzer.bell import Bell
from raceway_analyzer.give_way import GiveWay, never_give_way
from raceway_analyzer.job import load
from raceway_analyzer.processes import Processes
from raceway_analyzer.recent import RecentChunks
from raceway_analyzer.store_loop import StoreLoop
from raceway_analyzer.stores import Stores
from raceway_common.ports.bus import BusReader
from raceway_common.ports.event_store import AppendedChunk
from raceway_core.options import DEFAULTS, Options

log = structlog.get_logger()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much the analyzer takes on. `owner` names it among its replicas."""

    owner: str
    workers: int = 1
    claim_size: int = 512
    recent_bytes: int = 64 * 2**20
    options: Options = DEFAULTS


async def run(
    bus: BusReader,
    stores: Stores,
    plan: Plan,
    *,
    now_ns: Callable[[], int],
    give_way: GiveWay = never_give_way,
    task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Store and analyze until cancelled. Reports that it started once it takes messages."""
    bell = Bell()
    recent = RecentChunks(plan.recent_bytes)
    processes = Processes(plan.workers)
    analyst = Analyst(processes.run, plan.options)

    def hear(appended: Sequence[AppendedChunk]) -> None:
        recent.add(appended)
        bell.ring()

    storing = StoreLoop(bus, stores.events, now_ns=now_ns, on_stored=hear, give_way=give_way)
    works = (
        TraceWork(stores, analyst, recent, now_ns=now_ns, most=plan.claim_size),
        RunWork(stores, analyst, now_ns=now_ns),
    )
    analyzing = AnalyzeLoop(
        stores.queue, works, owner=plan.owner, now_ns=now_ns, bell=bell, give_way=give_way
    )
    async with anyio.create_task_group() as group:
        group.start_soon(processes.warm_up, load)
        await group.start(storing.run)
        await group.start(analyzing.run)
        log.info("analyzer_started", owner=plan.owner, workers=plan.workers)
        task_status.started()
