"""Anomalies are a function of the events, however these came."""

from __future__ import annotations

from pathlib import Path
from random import Random
from shutil import copy
from typing import Any

import pytest
from tests.unit.api.serving import Serving, serving
from tests.unit.api.shop import order, sell
from tests.unit.core.build import Story

pytestmark = pytest.mark.anyio

PATHS = ("/api/v1/anomalies?limit=1000", "/api/v1/performance", "/api/services/health")
EVERYTHING = (*PATHS, "/api/v1/performance?hours=1&limit=1", "/api/performance/metrics?limit=9")


def stories() -> list[Story]:
    """Return orders over four buckets: slow ones, a child's fault, failures and a new level."""
    pays = [20.0 + 7 * number % 5 for number in range(220)]
    for number in (40, 77, 78):
        pays[number] += 100
    for number in range(150, 220):
        pays[number] += 60
    statuses = [500 if number in range(100, 108) else 200 for number in range(220)]
    return [
        order(number, 15 + pay + 80 * (number == 60), pay, every_ms=10_000, status=status)
        for number, (pay, status) in enumerate(zip(pays, statuses, strict=True))
    ]


async def answers(api: Serving, told: list[Story]) -> list[Any]:
    """Return all that is said of anomalies."""
    found = [await api.get(path) for path in PATHS]
    for story in told:
        trace = await api.get(f"/api/v1/traces/{story.trace_id}/anomalies")
        found.append((trace["anomalies"], trace["baselines"]))
    return found


async def test_order_batches_and_repetition_change_nothing(migrated_file: Path, tmp_path: Path) -> None:
    told = stories()
    said = []
    for seed in range(3):
        path = tmp_path / f"{seed}.db"
        copy(migrated_file, path)
        async with serving(path) as api:
            await _arrive(api, told, Random(seed) if seed else None)  # noqa: S311 - nothing here is secret
            said.append(await answers(api, told))
    kinds = {anomaly["kind"] for anomaly in said[0][0]["anomalies"]}
    assert kinds == {"latency", "errors", "regression"}
    assert said[1] == said[0]
    assert said[2] == said[0]


@pytest.mark.parametrize("seed", [1, 2])
async def test_asking_in_between_changes_nothing(migrated_file: Path, tmp_path: Path, seed: int) -> None:
    """What is kept between questions is never told apart from what is read afresh."""
    told = stories()
    path = tmp_path / "asked.db"
    copy(migrated_file, path)
    random = Random(seed)  # noqa: S311 - nothing here is secret
    async with serving(path) as api:
        for start in range(0, len(told), 40):
            await _arrive(api, told[start : start + 40], random)
            kept = [await api.get(each) for each in EVERYTHING]
            async with serving(path) as fresh:
                assert kept == [await fresh.get(each) for each in EVERYTHING]
            assert kept == [await api.get(each) for each in EVERYTHING]


async def _arrive(api: Serving, told: list[Story], random: Random | None) -> None:
    """Analyze all at once, or in any order and batches, a third of them again in pieces before."""
    if random is None:
        await sell(api, told)
        return
    parts: list[tuple[Story, int]] = []
    for story in random.sample(told, len(told) // 3):
        piece = Story(story.trace_id)
        piece.events = story.events[: random.randint(1, len(story.events))]
        parts.append((piece, 1))
    shuffled = random.sample(told, len(told))
    for piece, version in parts:
        await sell(api, [piece], version=version)
    while shuffled:
        size = random.randint(1, 60)
        await sell(api, shuffled[:size], version=3)
        if random.random() < 0.5:
            await sell(api, random.sample(shuffled[:size], 1), version=4)
        shuffled = shuffled[size:]
