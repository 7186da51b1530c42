"""Finding the nearest of rare pairs: a search of all pairs, in blocks of a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from raceway_core.across.facts import Facts
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.finding import MOST_EXAMPLES

BLOCK = 1 << 20
"""So many pairs are decided at once."""

Wanted: TypeAlias = Callable[[Integers, Integers], Flags]
"""Tells of pairs of accesses, by number, whether they are wanted."""


def search_pairs(facts: Facts, wanted: Wanted, first: Integers, second: Integers) -> list[tuple[int, int]]:
    """Return the nearest pairs, by their begins, that are compared and wanted.

    Where `first` and `second` are equal, two different ones make a pair, once. At least
    `MOST_EXAMPLES` are returned if there are as many, with all that are as near. Time: O(k²) in blocks.
    """
    is_one = np.array_equal(first, second)
    best: list[tuple[int, int, int]] = []
    rows = max(1, BLOCK // len(second))
    for begin in range(0, len(first), rows):
        mine, theirs = first[begin : begin + rows, np.newaxis], second[np.newaxis, :]
        chosen = wanted(mine, theirs) & (facts.trace[mine] != facts.trace[theirs])
        chosen &= facts.is_new[mine] | facts.is_new[theirs]
        if is_one:
            chosen &= mine < theirs
        row, column = np.nonzero(chosen)
        numbers, others = mine[row, 0], theirs[0, column]
        gaps = np.abs(facts.starts[numbers] - facts.starts[others])
        near = gaps <= _limit(gaps)
        best += zip(gaps[near].tolist(), numbers[near].tolist(), others[near].tolist(), strict=True)
    best.sort()
    if not best:
        return []
    limit = best[min(len(best), MOST_EXAMPLES) - 1][0]
    return [(number, other) for gap, number, other in best if gap <= limit]


def _limit(gaps: Integers) -> int:
    if len(gaps) <= MOST_EXAMPLES:
        return int(gaps.max(initial=0))
    return int(np.partition(gaps, MOST_EXAMPLES - 1)[MOST_EXAMPLES - 1])
