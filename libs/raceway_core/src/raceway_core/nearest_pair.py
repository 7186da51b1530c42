"""The pairs worth showing: the strongest, and of those the nearest in time.

Pairs are looked at in the order of the time between their begins, by a heap that holds for each
access its next neighbour to either side. Where enough of the strongest verdict turn up soon, the
rest is never looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import TypeAlias

from raceway_core.access import Access
from raceway_core.finding import MOST_EXAMPLES, Verdict
from raceway_core.grouping import Pair

Judge: TypeAlias = Callable[[Access, Access], Pair | None]

MOST_WEAKER = 200
"""So many pairs are looked at before the strongest verdict alone is asked for."""


def nearest_pairs(
    first: Sequence[Access], second: Sequence[Access], judge: Judge, wanted: Verdict, count: int
) -> list[Pair]:
    """Return the nearest pairs of verdict `wanted`, of which there are `count`, and some weaker ones.

    The pairs are those of one of `first` with one of `second` that `judge` accepts; which are
    returned does not depend on the order of either. At least `MOST_EXAMPLES` of the strongest are
    among them, if there are as many. Time: O(k log k + p log k) for p pairs looked at.
    """
    enough = min(count, MOST_EXAMPLES)
    found: list[Pair] = []
    strong, last_gap = 0, 0
    for looked_at, (gap, mine, theirs) in enumerate(_by_gap(first, second)):
        if strong >= enough and gap > last_gap:
            break
        pair = judge(mine, theirs)
        if pair is None:
            continue
        if pair.verdict is wanted:
            strong, last_gap = strong + 1, gap
        if pair.verdict is wanted or looked_at < MOST_WEAKER:
            found.append(pair)
    return found


def _by_gap(first: Sequence[Access], second: Sequence[Access]) -> Iterator[tuple[int, Access, Access]]:
    """Yield all pairs of different accesses, the nearest begins first.

    A pair of accesses that are in both sequences comes twice.
    """
    others = sorted(second, key=_time_key)
    starts = [access.start_ns for access in others]
    heap: list[tuple[int, int, int, int]] = []
    for number, access in enumerate(first):
        place = bisect_left(starts, access.start_ns)
        heap.extend(
            _entry(first, starts, number, at, step)
            for at, step in ((place, 1), (place - 1, -1))
            if 0 <= at < len(starts)
        )
    heapify(heap)
    while heap:
        gap, number, at, step = heap[0]
        if first[number] is not others[at]:
            yield gap, first[number], others[at]
        if 0 <= at + step < len(starts):
            heapreplace(heap, _entry(first, starts, number, at + step, step))
        else:
            heappop(heap)


def _entry(
    first: Sequence[Access], starts: Sequence[int], number: int, at: int, step: int
) -> tuple[int, int, int, int]:
    return (abs(starts[at] - first[number].start_ns), number, at, step)


def _time_key(access: Access) -> tuple[int, str, str]:
    return (access.start_ns, access.trace_id, access.event_id)
