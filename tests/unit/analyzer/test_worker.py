"""The whole analyzer, with a real worker process: from the bus to results."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import pytest
from tests.unit.analyzer.rig import Rig, open_rig
from tests.unit.core.build import Story

from raceway_analyzer import worker
from raceway_core.event import TraceId

pytestmark = pytest.mark.anyio


async def test_what_is_on_the_bus_becomes_a_result(tmp_path: Path) -> None:
    story = Story("a")
    root = story.call("main")
    story.write("balance", 15, 10, on="worker-1", parent=root)
    story.write("balance", 20, 15, on="worker-2", parent=root)
    async with open_rig(tmp_path) as rig, anyio.create_task_group() as group:
        await rig.put(story.events[:1])
        await group.start(
            partial(worker.run, rig.bus, rig.stores, worker.Plan(owner="test"), now_ns=rig.now_ns)
        )
        await rig.put(story.events[1:])
        with anyio.fail_after(30):
            while await _events_analyzed(rig) < 3:
                await rig.changes.next.wait()
        row = await rig.stores.traces.row(TraceId("a"))
        group.cancel_scope.cancel()

    assert row
    assert row.race_pairs == 1


async def _events_analyzed(rig: Rig) -> int:
    row = await rig.stores.traces.row(TraceId("a"))
    return row.summary.event_count if row else 0
