"""Measured traces of a small shop, and the API that serves them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from tests.unit.api.serving import NOW_NS, Serving
from tests.unit.core.build import MS, NOON_NS, Story

from raceway_core.analysis import analyze_trace
from raceway_core.result import TraceResult

NOW_MS = (NOW_NS - NOON_NS) / MS


def trace_id_of(number: int) -> str:
    return str(UUID(int=number + 1))


def order(
    number: int, outer_ms: float, inner_ms: float = 0, *, every_ms: float = 1000, status: int = 200
) -> Story:
    """Return an order that took `outer_ms`, `inner_ms` of which it waited for `pay`."""
    at = NOW_MS - 3_000_000 + number * every_ms
    story = Story(trace_id_of(number), service="shop")
    asked = story.http("/order", at=at)
    if inner_ms:
        story.call("pay", at=at + 1 + inner_ms, lasts_ms=inner_ms, parent=asked)
    story.answer(status, at=at + outer_ms, parent=asked)
    return story


def orders(durations_ms: Sequence[float], *, every_ms: float = 1000) -> list[Story]:
    return [order(number, took, every_ms=every_ms) for number, took in enumerate(durations_ms)]


async def sell(api: Serving, stories: Iterable[Story], *, version: int = 1) -> None:
    """Store and analyze traces."""
    results: list[TraceResult] = []
    for story in stories:
        await api.keep(story.events)
        results.append(analyze_trace(story.trace_id, story.events))
    await api.publish_results(results, version=version)
