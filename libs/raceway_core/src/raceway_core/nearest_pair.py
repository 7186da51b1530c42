"""The pairs worth showing: the strongest, and of those the nearest in time.

Pairs are looked at in the order of the time between their begins, by a heap that holds for each
access its next neighbour to either side. Where enough of the strongest verdict turn up soon, the
rest is never looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import islice
from typing import TypeAlias

from raceway_core.access import Access
from raceway_core.finding import MOST_EXAMPLES, Verdict
from raceway_core.race import Pair

Judge: TypeAlias = Callable[[Access, Access], Pair | None]

MOST_WEAKER = 200
"""So many pairs are looked at before the strongest verdict alone is asked for."""

MOST_LOOKED_AT = 5_000
"""So many pairs are looked at one by one."""


def nearest_pairs(
    first: Sequence[Access], second: Sequence[Access], judge: Judge, wanted: Verdict, count: int
) -> list[Pair] | None:
    """Return the nearest pairs of verdict `wanted`, of which there are `count`, and some weaker ones.

    The pairs are those of one of `first` with one of `second` that `judge` accepts, of two different
    ones where both are the same list. None if the strongest are too far apart to be found this way.
    What is returned does not depend on the order of either. Time: O(k log k).
    """
    enough = min(count, MOST_EXAMPLES)
    found: list[Pair] = []
    strong, last_gap = 0, 0
    for gap, mine, theirs in islice(_by_gap(first, second), MOST_LOOKED_AT):
        if strong >= enough and gap > last_gap:
            break
        pair = judge(mine, theirs)
        if pair is None:
            continue
        if pair.verdict is wanted:
            strong, last_gap = strong + 1, gap
        if pair.verdict is wanted or len(found) < MOST_WEAKER:
            found.append(pair)
    return found if strong >= enough else None


def _by_gap(first: Sequence[Access], second: Sequence[Access]) -> Iterator[tuple[int, Access, Access]]:
    """Yield all pairs, the nearest begins first."""
    mine = sorted(first, key=_time_key)
    theirs = mine if first is second else sorted(second, key=_time_key)
    starts = [access.start_ns for access in theirs]
    heap: list[tuple[int, int, int, int]] = []
    for number, access in enumerate(mine):
        place = number + 1 if first is second else bisect_left(starts, access.start_ns)
        sides = ((place, 1),) if first is second else ((place, 1), (place - 1, -1))
        heap.extend(_entry(mine, starts, number, at, step) for at, step in sides if 0 <= at < len(starts))
    heapify(heap)
    while heap:
        gap, number, at, step = heap[0]
        yield gap, mine[number], theirs[at]
        if 0 <= at + step < len(starts):
            heapreplace(heap, _entry(mine, starts, number, at + step, step))
        else:
            heappop(heap)


def _entry(
    first: Sequence[Access], starts: Sequence[int], number: int, at: int, step: int
) -> tuple[int, int, int, int]:
    return (abs(starts[at] - first[number].start_ns), number, at, step)


def _time_key(access: Access) -> tuple[int, str, str]:
    return (access.start_ns, access.trace_id, access.event_id)
