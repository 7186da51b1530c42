"""The analyzer's loops on a rig, for tests of what comes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
from tests.unit.analyzer.rig import Place, Rig

from raceway_analyzer.analyst import Analyst
from raceway_analyzer.analyze_loop import AnalyzeLoop
from raceway_analyzer.batch_work import RunWork, TraceWork
from raceway_analyzer.bell import Bell
from raceway_analyzer.give_way import GiveWay, never_give_way
from raceway_analyzer.recent import RecentChunks
from raceway_analyzer.store_loop import StoreLoop
from raceway_core.event import Event
from raceway_core.options import DEFAULTS


async def store(rig: Rig, *traces: Sequence[Event], recent: RecentChunks | None = None) -> None:
    """Put one message that has the events of each trace on the bus, and store it."""
    hear = recent.add if recent else lambda _: None
    await rig.put(*traces)
    async with rig.bus.subscribe() as inbox:
        loop = StoreLoop(rig.bus, rig.stores.events, now_ns=rig.now_ns, on_stored=hear)
        await loop.settle(await inbox.fetch(10))


@asynccontextmanager
async def analyzing(
    rig: Rig,
    place: Place | None = None,
    *,
    recent: RecentChunks | None = None,
    give_way: GiveWay = never_give_way,
) -> AsyncIterator[None]:
    """Run the analyze loop for the length of the block."""
    analyst = Analyst((place or Place()).run, DEFAULTS)
    works = (
        TraceWork(rig.stores, analyst, recent or RecentChunks(0), now_ns=rig.now_ns),
        RunWork(rig.stores, analyst, now_ns=rig.now_ns),
    )
    loop = AnalyzeLoop(
        rig.stores.queue, works, owner="test", now_ns=rig.now_ns, bell=Bell(), give_way=give_way, pause_s=0
    )
    async with anyio.create_task_group() as group:
        await group.start(loop.run)
        yield
        group.cancel_scope.cancel()
