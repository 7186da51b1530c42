"""How operations do, from the sums of their calls."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import NamedTuple, TypeVar

from raceway_api.deps import Deps
from raceway_api.judging import verdicts_on
from raceway_api.operations import DAY, Operations, Place
from raceway_api.stored import StoredTraces
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.bucket import BUCKET_NS, Bucket
from raceway_core.bucketed.history import MOST_AROUND, anchor_of
from raceway_core.bucketed.state import State, state_of
from raceway_core.bucketed.verdict import Verdict
from raceway_core.measured import Operation

MOST_BUCKETS = DAY

Item = TypeVar("Item")


class Lately(NamedTuple):
    """The operations that were called in the buckets `first..last`, and what is known before these."""

    operations: Operations
    first: int
    last: int

    def said(self, kind: type[Item], family: Operation, build: Callable[[], Item]) -> Item:
        """Return what `build` says of a family in these buckets, which may be remembered."""
        return self.operations.said(kind, family, (self.first, self.last), build)

    @property
    def places(self) -> list[Place]:
        """Where each operation was called last."""
        return self.operations.called(self.first, self.last)

    def buckets(self, family: Operation) -> list[Bucket]:
        """Return the buckets of a family, earliest first."""
        history = self.operations.known[family]
        return [bucket for number in history.within(self.first, self.last) for bucket in history.at(number)]


@asynccontextmanager
async def lately(
    deps: Deps, buckets: int = MOST_BUCKETS, *, until: int | None = None
) -> AsyncGenerator[Lately]:
    """Yield the operations of the last `buckets` up to the newest calls, or to the bucket `until`."""
    newest = await deps.baselines.newest()
    last = newest if until is None else await deps.baselines.newest(until=until)
    if newest is None or last is None:
        yield Lately(Operations(), 0, 0)
        return
    first = last - buckets + 1
    async with deps.operations.between(anchor_of(first - MOST_AROUND), last, newest=newest) as operations:
        yield Lately(operations, first, last)


async def states_of(deps: Deps, wanted: Lately) -> dict[Operation, State]:
    """Return how each family did when it was called last."""
    places = wanted.places
    verdicts = await verdicts_on(deps, wanted.operations, places)

    def judge() -> dict[Operation, State]:
        return {
            place[0]: wanted.operations.said(
                State, place[0], place[1], partial(_state, wanted.operations, place, verdict)
            )
            for place, verdict in zip(places, verdicts, strict=True)
        }

    return await StoredTraces(deps).in_thread(judge)


def _state(operations: Operations, place: Place, verdict: Verdict) -> State:
    family, last = place
    return state_of(operations.known[family], verdict, last)


def now_bucket(deps: Deps) -> int:
    """Return the bucket of now, or that of a clock that is a little ahead."""
    return (deps.now_ns() + BUCKET_NS // 2) // BUCKET_NS


def sketch_of(buckets: Sequence[Bucket]) -> Sketch:
    """Return all durations of some buckets."""
    sketch = Sketch()
    for bucket in buckets:
        sketch.count(bucket.counts)
    return sketch


def total_ns(sketch: Sketch) -> float:
    """Return the sum of the durations, within 1 %."""
    return sum(count * value_of(cell) for cell, count in sorted(sketch.counts.items()))
