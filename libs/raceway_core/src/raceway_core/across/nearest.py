"""The nearest pairs of a run that are worth showing: the strongest, and of those the nearest in time.

What `raceway_core.nearest_pair` does for the accesses of a trace, for the columns of a run: pairs are
taken in the order of the time between their begins and judged a block at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple, TypeAlias

import numpy as np

from raceway_core.counting.interval_count import Integers
from raceway_core.finding import MOST_EXAMPLES, Verdict
from raceway_core.nearest_pair import MOST_LOOKED_AT

Judge: TypeAlias = Callable[[Integers, Integers], list[Verdict | None]]
"""Tells the verdict of each i-th pair, None where the two are not compared."""

BLOCK = 256
"""So many pairs are judged at once."""

MOST_STRONG = 16
"""So many of the strongest are returned: by their begins they are nearest, a reader sees gaps."""


class NumberPair(NamedTuple):
    """Two accesses of a run, by number."""

    first: int
    second: int
    verdict: Verdict | None


class _Entry(NamedTuple):
    """The next pair of an access to one side: how far, which, with which, and to which side."""

    gap: int
    mine: int
    at: int
    step: int


def nearest_pairs(
    starts: Integers, first: Integers, second: Integers, judge: Judge, wanted: tuple[Verdict, int]
) -> list[NumberPair] | None:
    """Return the nearest pairs of a verdict, of which there are so many, and some weaker ones.

    `first` and `second` are ascending numbers in `starts`; the pairs are those of one of each, and of
    two different ones where both are equal. None if the strongest are too far apart to be found this
    way. Time: O(k log k).
    """
    verdict, count = wanted
    enough = min(count, MOST_EXAMPLES)
    strong: list[NumberPair] = []
    weaker: list[NumberPair] = []
    looked_at = islice(_by_gap(starts, first, second), MOST_LOOKED_AT)
    while len(strong) < enough and (block := list(islice(looked_at, BLOCK))):
        mine, theirs = zip(*block, strict=True)
        for pair in map(NumberPair, mine, theirs, judge(np.array(mine), np.array(theirs))):
            if pair.verdict is not None:
                (strong if pair.verdict is verdict else weaker).append(pair)
    return [*strong[:MOST_STRONG], *weaker[:MOST_EXAMPLES]] if len(strong) >= enough else None


def _by_gap(starts: Integers, first: Integers, second: Integers) -> Iterator[tuple[int, int]]:
    """Yield pairs, the nearest begins first, as many as are ever looked at. Time and trace break ties."""
    mine, theirs = (side[np.argsort(starts[side], kind="stable")] for side in (first, second))
    entries = _entries(starts[mine], starts[theirs], is_one=np.array_equal(first, second))
    begins, limits, numbers, others = (
        column.tolist() for column in (starts[mine], starts[theirs], mine, theirs)
    )
    heap: list[_Entry] = []
    upcoming = next(entries, None)
    while heap or upcoming:
        while upcoming and (not heap or upcoming <= heap[0]):
            heappush(heap, upcoming)
            upcoming = next(entries, None)
        _, number, at, step = heappop(heap)
        yield numbers[number], others[at]
        if 0 <= at + step < len(limits):
            heappush(heap, _Entry(abs(limits[at + step] - begins[number]), number, at + step, step))


def _entries(mine: Integers, theirs: Integers, *, is_one: bool) -> Iterator[_Entry]:
    """Yield of each access the nearest neighbour to either side, the nearest first.

    Begins are ascending. Where both sides are one, each pair is found from its earlier access.
    """
    numbers = np.arange(len(mine))
    right = numbers + 1 if is_one else np.searchsorted(theirs, mine, side="left")
    sides = [(right, 1)] if is_one else [(right, 1), (right - 1, -1)]
    rows = []
    for at, step in sides:
        inside = np.flatnonzero((at >= 0) & (at < len(theirs)))
        gaps = np.abs(theirs[at[inside]] - mine[inside])
        rows.append(np.stack((gaps, inside, at[inside], np.full(len(inside), step))))
    table = np.concatenate(rows, axis=1)
    if table.shape[1] > MOST_LOOKED_AT:
        limit = np.partition(table[0], MOST_LOOKED_AT)[MOST_LOOKED_AT]
        table = table[:, table[0] <= limit]
    ordered = table[:, np.lexsort(table[::-1])]
    return (_Entry(*row) for row in ordered.T.tolist())
