"""How long calls between services took, and how many failed.

A call is measured by what its caller did, which is what the caller waited for; where that has no
duration, by what the callee did for it. Messages are not waited for and are not measured. A call failed
if it ended with a fault of the server (`raceway_core.baseline.outcome`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from raceway_core.baseline.measurement import duration_of
from raceway_core.baseline.outcome import Outcomes, is_error
from raceway_core.baseline.pairing import pairs_of
from raceway_core.baseline.sketch import bucket_of
from raceway_core.causal_graph import CausalGraph
from raceway_core.result import CallTimes


class Sides(NamedTuple):
    """The event by which a call was made, if it is known, and the callee's first."""

    caller: int | None
    callee: int


def call_times_of(
    graph: CausalGraph, calls: Iterable[tuple[tuple[str, str], Sides]]
) -> tuple[CallTimes, ...]:
    """Return the times of calls of one service to another, where anything is known. Time: O(n)."""
    closers: Mapping[int, int] = dict(pairs_of(graph))
    outcomes = Outcomes(graph, closers, {})
    buckets: dict[tuple[str, str], Counter[int]] = {}
    told: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for pair, sides in calls:
        events = [event for event in sides if event is not None]
        known = (duration_of(graph, event, closers) for event in events)
        duration_ns = next((duration for duration in known if duration is not None), None)
        status = next(filter(None, map(outcomes.status_of, events)), "")
        if duration_ns is not None:
            buckets.setdefault(pair, Counter())[bucket_of(duration_ns)] += 1
        told[pair] += bool(status)
        failed[pair] += is_error(status)
    return tuple(
        CallTimes(*pair, told[pair], failed[pair], tuple(sorted(buckets.get(pair, Counter()).items())))
        for pair in sorted(told)
        if told[pair] or pair in buckets
    )
