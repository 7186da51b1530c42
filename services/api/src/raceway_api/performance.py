"""How operations do, from the sums of their calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raceway_api.deps import Deps
from raceway_api.stored import StoredTraces
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.bucket import BUCKET_NS, Bucket
from raceway_core.bucketed.history import MOST_AROUND, History, anchor_of, histories
from raceway_core.bucketed.look import look_at
from raceway_core.bucketed.state import State, state_of
from raceway_core.bucketed.verdict import verdicts_of
from raceway_core.measured import Operation

MOST_BUCKETS = 144
"""A day."""


async def recent_histories(
    deps: Deps, buckets: int = MOST_BUCKETS, *, until: int | None = None
) -> tuple[Mapping[Operation, History], int]:
    """Return the histories of all families up to the newest calls, and where the last `buckets` begin.

    They reach as far back as what is known before the first of these needs. `until` is the last bucket.
    """
    newest = await deps.baselines.newest(until=until)
    if newest is None:
        return {}, 0
    first = newest - buckets + 1
    found = await deps.baselines.buckets(None, first=anchor_of(first - MOST_AROUND), last=newest)
    return await StoredTraces(deps).in_thread(histories, found), first


async def states_of(deps: Deps, known: Mapping[Operation, History]) -> dict[Operation, State]:
    """Return how each family does, as of its last calls."""
    in_thread = StoredTraces(deps).in_thread
    looks = await in_thread(lambda: [look_at(history, history.numbers[-1]) for history in known.values()])
    answers = await deps.baselines.calls([query for look in looks for query in look.queries])

    def judge() -> dict[Operation, State]:
        verdicts = verdicts_of(looks, answers)
        pairs = zip(known.items(), verdicts, strict=True)
        return {family: state_of(history, verdict) for (family, history), verdict in pairs}

    return await in_thread(judge)


def now_bucket(deps: Deps) -> int:
    """Return the bucket of now, or that of a clock that is a little ahead."""
    return (deps.now_ns() + BUCKET_NS // 2) // BUCKET_NS


def buckets_since(history: History, first: int) -> list[Bucket]:
    """Return the buckets of a history from `first` on, earliest first."""
    return [bucket for number in history.numbers if number >= first for bucket in history.at(number)]


def sketch_of(buckets: Sequence[Bucket]) -> Sketch:
    """Return all durations of some buckets."""
    sketch = Sketch()
    for bucket in buckets:
        sketch.count(bucket.counts)
    return sketch


def total_ns(sketch: Sketch) -> float:
    """Return the sum of the durations, within 1 %."""
    return sum(count * value_of(cell) for cell, count in sorted(sketch.counts.items()))
