"""All operations, bucket by bucket, and what was said of each until it changes.

A judgement is a function of the stored sums and calls (ADR 0012), and most of these never change again:
only the newest buckets do. So between one question and the next the histories are kept in step with the
store, which tells what is newer than a version (`BaselineStore.changes`), and a verdict is remembered
until a bucket changes that it rests on. Nothing is ever said that a fresh reading would not say (ADR 0018).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, TypeAlias, TypeVar

from anyio import CapacityLimiter, Lock, to_thread

from raceway_common.ports.baseline_store import BaselineStore
from raceway_core.bucketed.bucket import Bucket, family_of
from raceway_core.bucketed.history import MOST_AROUND, History, anchor_of, histories
from raceway_core.bucketed.verdict import Verdict
from raceway_core.measured import Operation

MOST_CELLS = 1_000_000
"""Counts of durations that are kept, of about a hundred bytes each: those of 300 operations, if they take
one of ten durations. With more all are read again for each question."""

MOST_CALLS = 100_000
"""Calls that remembered verdicts may speak of."""

DAY = 144
_REACH = DAY + 6 + 2 * MOST_AROUND
_LAST = 2**62

Place: TypeAlias = tuple[Operation, int]
"""A family and the number of a bucket in which it was called."""

Item = TypeVar("Item")


class _Said(NamedTuple):
    key: Hashable
    item: object


class Operations:
    """The histories of all families in some buckets. It is one reader's at a time."""

    def __init__(self, buckets: Iterable[Bucket] = ()) -> None:
        self.known: dict[Operation, History] = histories(buckets)
        self.cells = sum(_cells(history.buckets()) for history in self.known.values())
        self._verdicts: defaultdict[Operation, dict[int, Verdict]] = defaultdict(dict)
        self._calls = 0
        self._said: defaultdict[Operation, dict[type, _Said]] = defaultdict(dict)

    def put(self, buckets: Iterable[Bucket]) -> None:
        """Replace buckets of operations, and forget what rests on them."""
        for bucket in buckets:
            family = family_of(bucket.operation)
            history = self.known.get(family) or History(())
            self.cells -= _cells(history.at(bucket.number))
            history.put(bucket)
            self.cells += _cells(history.at(bucket.number))
            self._keep(family, history)
            self._forget(family, bucket.number)

    def drop(self, *, before: int) -> None:
        """Take out what ended before a bucket, and forget all that was said."""
        for family, history in list(self.known.items()):
            self.cells -= _cells(bucket for bucket in history.buckets() if bucket.number < before)
            history.drop(before=before)
            self._keep(family, history)
        self._said.clear()
        self._verdicts.clear()
        self._calls = 0

    def called(self, first: int, last: int) -> list[Place]:
        """Return where each family was called last in the buckets `first..last`; the others are left out."""
        return [
            (family, numbers[-1])
            for family, history in self.known.items()
            if (numbers := history.within(first, last))
        ]

    def verdict(self, place: Place) -> Verdict | None:
        """Return the verdict that was remembered of a place."""
        family, number = place
        return self._verdicts[family].get(number)

    def remember(self, verdicts: Mapping[Place, Verdict]) -> None:
        """Remember verdicts until a bucket changes that they rest on."""
        for (family, number), verdict in verdicts.items():
            self._verdicts[family][number] = verdict
            self._calls += len(verdict.excess_ns)

    def said(self, kind: type[Item], family: Operation, key: Hashable, build: Callable[[], Item]) -> Item:
        """Return what `build` does, or did for the same `key` if the family has not changed since."""
        held = self._said[family].get(kind)
        if held is not None and held.key == key and isinstance(held.item, kind):
            return held.item
        item = build()
        self._said[family][kind] = _Said(key, item)
        return item

    def settle(self) -> None:
        """Give back the memory that only this reader needed."""
        for history in self.known.values():
            history.settle()
        if self._calls > MOST_CALLS:
            self._verdicts.clear()
            self._calls = 0

    def _keep(self, family: Operation, history: History) -> None:
        if history.numbers:
            self.known[family] = history
        else:
            self.known.pop(family, None)

    def _forget(self, family: Operation, number: int) -> None:
        self._said.pop(family, None)
        for later in [each for each in self._verdicts[family] if each >= number]:
            self._calls -= len(self._verdicts[family].pop(later).excess_ns)


def _cells(buckets: Iterable[Bucket]) -> int:
    return sum(len(bucket.counts) for bucket in buckets)


class KeptOperations:
    """Keeps the operations of the newest day, and what is known before it, while they are not too many."""

    def __init__(
        self, store: BaselineStore, threads: CapacityLimiter, *, most_cells: int = MOST_CELLS
    ) -> None:
        self._store = store
        self._threads = threads
        self._most_cells = most_cells
        self._turn = Lock()
        self._kept = Operations()
        self._version = self._first = 0

    @asynccontextmanager
    async def between(self, first: int, last: int, *, newest: int) -> AsyncGenerator[Operations]:
        """Yield all operations in the buckets `first..last`, and perhaps in others.

        `newest` is the last bucket that holds calls. Readers of the newest day wait for each other:
        they would do the same work.
        """
        kept_from = anchor_of(newest - _REACH)
        if first < kept_from:
            buckets = await self._store.buckets(None, first=first, last=last)
            yield await to_thread.run_sync(Operations, buckets, limiter=self._threads)
            return
        async with self._turn:
            await self._refresh(kept_from)
            operations = self._kept
            try:
                yield operations
            finally:
                if operations.cells > self._most_cells:
                    self._kept, self._version = Operations(), 0
                operations.settle()

    async def _refresh(self, first: int) -> None:
        if first < self._first:
            self._kept, self._version = Operations(), 0
        changes = await self._store.changes(since=self._version, first=first, last=_LAST)

        def keep() -> None:
            if self._version:
                self._kept.put(changes.buckets)
            else:
                self._kept = Operations(bucket for bucket in changes.buckets if bucket.counts)
            if first > self._first:
                self._kept.drop(before=first)
            self._version, self._first = changes.version, first

        await to_thread.run_sync(keep, limiter=self._threads)
