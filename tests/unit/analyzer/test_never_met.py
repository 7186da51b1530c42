"""Requests that never met, through the store and the loops: the same as offline, whatever comes when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from tests.unit.analyzer.looping import analyzing, store
from tests.unit.analyzer.rig import open_rig
from tests.unit.core.build import Story
from tests.unit.core.lock_program import MAIN, lone_scripts
from tests.unit.core.test_deadlock_across import told
from tests.unit.core.test_predicted_across import BLIND, SPLIT, WHOLE, request

from raceway_core.event import Event
from raceway_core.finding import Finding, FindingKind, merge_findings
from raceway_core.offline import analyze_events

pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000.0


def taking(name: str, *orders: str, day: int) -> list[Event]:
    """Return a trace that takes locks one after the other, in each of these orders, some day."""
    story = Story(name, at=day * DAY_MS, instance="i1")
    for locks in orders:
        for lock in locks:
            story.acquire(lock)
        for lock in reversed(locks):
            story.release(lock)
    return story.events


def pieces_of(traces: Sequence[Sequence[Event]]) -> list[Sequence[Event]]:
    """Return traces cut into three events each."""
    return [trace[cut:][:3] for trace in traces for cut in range(0, len(trace), 3)]


async def found_in(tmp_path: Path, pieces: list[Sequence[Event]], random: Random) -> Sequence[Finding]:
    """Return what is found when pieces come in any order, and everything rests now and then."""
    random.shuffle(pieces)
    async with open_rig(tmp_path) as rig, analyzing(rig):
        for piece in pieces:
            await store(rig, piece)
            if random.random() < 0.3:
                await rig.idle()
        await rig.idle()
        return await rig.stores.findings.all()


async def test_locks_in_opposite_orders(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig, analyzing(rig):
        await store(rig, taking("a", "xy", day=0), taking("b", "xy", day=1))
        await rig.idle()
        assert await rig.stores.findings.all() == []
        await store(rig, taking("c", "yx", day=9))
        await rig.idle()
        (finding,) = await rig.stores.findings.all()
        assert (finding.kind, finding.across_traces) == (FindingKind.DEADLOCK, True)
        assert finding.trace_ids == ("a", "c")
        await store(rig, taking("d", "yx", day=30))
        await rig.idle()
        (later,) = await rig.stores.findings.all()
    assert later.last_ns > finding.last_ns


async def test_a_second_trace_of_what_one_trace_does_alone(tmp_path: Path) -> None:
    async with open_rig(tmp_path) as rig, analyzing(rig):
        for day, name in enumerate("ab"):
            assert await rig.stores.findings.all() == []
            await store(rig, taking(name, "xy", "yx", day=day))
            await rig.idle()
        (finding,) = await rig.stores.findings.all()
    assert finding.trace_ids == ("a", "b")


@pytest.mark.parametrize("seed", range(6))
async def test_pieces_in_any_order_mean_the_same_as_the_whole_file(tmp_path: Path, seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- no secret, the same story each time
    scripts = lone_scripts(random, tasks=5)
    traces = [told(task, steps).events for task, steps in scripts.items() if task != MAIN]
    stored = await found_in(tmp_path, pieces_of(traces), random)
    whole = analyze_events([event for trace in traces for event in trace])
    assert merge_findings(stored) == list(whole.findings)


async def test_an_update_whose_lock_was_free_in_between(tmp_path: Path) -> None:
    traces = [request(f"t{number}", SPLIT, at=number * 9_000.0).events for number in range(3)]
    async with open_rig(tmp_path) as rig, analyzing(rig):
        for trace in reversed(traces):
            await store(rig, trace)
            await rig.idle()
        (finding,) = await rig.stores.findings.all()
    assert (finding.kind, finding.pairs, finding.is_hidden) == (FindingKind.LOST_UPDATE, 3, True)
    assert analyze_events([event for trace in traces for event in trace]).findings == [finding]


async def test_two_updates_an_hour_apart(tmp_path: Path) -> None:
    first = request("t0", WHOLE).events
    second = request("t1", SPLIT, at=3_600_000.0).events
    async with open_rig(tmp_path) as rig, analyzing(rig):
        await store(rig, first)
        await rig.idle()
        assert await rig.stores.findings.all() == []
        await store(rig, second)
        await rig.idle()
        (finding,) = await rig.stores.findings.all()
    assert (finding.kind, finding.trace_ids) == (FindingKind.LOST_UPDATE, ("t0", "t1"))
    assert analyze_events([*first, *second]).findings == [finding]


@pytest.mark.parametrize("seed", range(6))
async def test_updates_over_days_in_any_order(tmp_path: Path, seed: int) -> None:
    """Pieces of traces come in any order, some twice, so that traces are analyzed again and again."""
    random = Random(seed)  # noqa: S311 -- no secret, the same story each time
    programs = [SPLIT, SPLIT, WHOLE, BLIND, f"acquire M, {SPLIT}, release M", "acquire L, read, release L"]
    days = [0.0, 0.0, 1.0, 1.0, 5.0, 40.0]
    traces = [
        request(f"t{n}", random.choice(programs), at=random.choice(days) * DAY_MS + n).events
        for n in range(10)
    ]
    pieces = pieces_of(traces)
    stored = await found_in(tmp_path, [*pieces, *random.sample(pieces, 5)], random)
    whole = analyze_events([event for trace in traces for event in trace])
    assert merge_findings(stored) == list(whole.findings)
    assert whole.findings
