"""Due work is claimed, seen through, and given back when it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import pytest
from tests.unit.analyzer.looping import analyzing, store
from tests.unit.analyzer.rig import Place, Rig, open_rig
from tests.unit.core.build import Story

from raceway_analyzer.batch_work import MOST_EVENTS, parts
from raceway_analyzer.failure import ANALYSIS_FAILED
from raceway_analyzer.recent import RecentChunks
from raceway_common.ports.work_queue import TraceClaim
from raceway_core.errors import Retryable
from raceway_core.event import Event, TraceId

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path) as opened:
        yield opened


def _racing(name: str) -> list[Event]:
    """Return a trace with one race: two writes under one parent on two threads."""
    story = Story(name)
    root = story.call("main")
    story.write("balance", 15, 10, on="worker-1", parent=root)
    story.write("balance", 20, 15, on="worker-2", parent=root)
    return story.events


async def _race_pairs(rig: Rig, *names: str) -> dict[str, int | None]:
    rows = {name: await rig.stores.traces.row(TraceId(name)) for name in names}
    return {name: row.race_pairs if row else None for name, row in rows.items()}


async def test_due_traces_are_analyzed_and_their_runs_counted(rig: Rig) -> None:
    await store(rig, _racing("a"), _racing("b"))
    async with analyzing(rig):
        await rig.idle()

    assert await _race_pairs(rig, "a", "b") == {"a": 1, "b": 1}
    findings = await rig.stores.findings.all()
    assert {finding.across_traces for finding in findings} == {False, True}


async def test_a_trace_that_grows_is_analyzed_again(rig: Rig) -> None:
    root, first, second = _racing("a")
    await store(rig, [root, first])
    async with analyzing(rig):
        await rig.idle()
        assert await _race_pairs(rig, "a") == {"a": 0}
        await store(rig, [second])
        await rig.idle()

    assert await _race_pairs(rig, "a") == {"a": 1}


async def test_what_is_in_memory_need_not_be_read_and_means_the_same(rig: Rig) -> None:
    recent = RecentChunks(1 << 20)
    await store(rig, _racing("a"), recent=recent)
    await store(rig, _racing("b"))
    async with analyzing(rig, recent=recent):
        await rig.idle()

    assert await _race_pairs(rig, "a", "b") == {"a": 1, "b": 1}


async def test_a_trace_that_cannot_be_analyzed_is_seen_and_not_tried_for_ever(rig: Rig) -> None:
    await store(rig, _racing("killer"), _racing("b"))
    async with analyzing(rig, Place(lambda job: b"killer" in job)):
        await rig.idle()

    row = await rig.stores.traces.row(TraceId("killer"))
    assert row
    assert row.summary.notes == {ANALYSIS_FAILED: 1}
    assert await _race_pairs(rig, "b") == {"b": 1}


@pytest.mark.parametrize("mood", [Retryable("the database is away"), RuntimeError("a fault of ours")])
async def test_a_batch_that_fails_is_given_back_and_done_later(rig: Rig, mood: Exception) -> None:
    await store(rig, _racing("a"))
    rig.traces.moods.append(mood)
    async with analyzing(rig):
        await rig.idle()

    assert await _race_pairs(rig, "a") == {"a": 1}


async def test_cancelling_gives_back_what_is_claimed(rig: Rig) -> None:
    await store(rig, _racing("a"))
    begun = anyio.Event()

    class Stuck(Place):
        async def run(self, work: Callable[[bytes], bytes], job: bytes) -> bytes:
            begun.set()
            await anyio.sleep_forever()
            return b""

    async with analyzing(rig, Stuck()):
        await begun.wait()
    (claim,) = await rig.stores.queue.claim_traces(10, owner="another", now_ns=rig.now_ns())

    assert claim.trace_id == "a"


async def test_something_else_may_go_first(rig: Rig) -> None:
    await store(rig, _racing("a"))
    asked, go_on = anyio.Event(), anyio.Event()

    async def give_way() -> None:
        asked.set()
        await go_on.wait()

    async with analyzing(rig, give_way=give_way):
        await asked.wait()
        assert await rig.stores.queue.next_due_ns() is not None
        assert await _race_pairs(rig, "a") == {"a": None}
        go_on.set()
        await rig.idle()

    assert await _race_pairs(rig, "a") == {"a": 1}


def test_a_huge_trace_is_read_alone() -> None:
    sizes = [1, 1, 60_000, 1, 30_000, 30_000]
    claims = [TraceClaim(TraceId(str(n)), 1, size) for n, size in enumerate(sizes)]

    cut = [[claim.size for claim in part] for part in parts(claims, MOST_EVENTS)]
    assert cut == [[1, 1], [60_000], [1, 30_000], [30_000]]
