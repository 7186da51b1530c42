"""The pairs of one variable by the definition of a verdict, for what counts them faster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from raceway_core.access import Access
from raceway_core.counting.fingerprint import Side, side_of
from raceway_core.counting.reach import Overlaps
from raceway_core.finding import PairCounts, Verdict
from raceway_core.race import Order, Transactions, verdict_of

Judged = tuple[Access, Access, Verdict]
Expected = dict[frozenset[Side], Counter[Verdict]]


def judged(
    accesses: list[Access], order: Order, proven: Transactions, overlaps: Overlaps
) -> Iterator[Judged]:
    """Yield each pair that there is a verdict on."""

    def c(first: Access, second: Access) -> bool:
        return order.c.happens_before(first.number, second.number)

    def h(first: Access, second: Access) -> bool:
        return order.h.happens_before(first.number, second.number)

    for first, second in combinations(accesses, 2):
        verdict = verdict_of(first, second, c=c, h=h, overlaps=overlaps)
        if verdict is not None:
            one, other = sorted((first.transaction, second.transaction))
            yield first, second, Verdict.PROVEN if (one, other) in proven else verdict


def counted(pairs: list[Judged]) -> Expected:
    """Return how many pairs of each two sides there are."""
    counts: Expected = {}
    for first, second, verdict in pairs:
        counts.setdefault(frozenset({side_of(first), side_of(second)}), Counter())[verdict] += 1
    return counts


def read_back(sides: list[Side], counts: dict[tuple[int, int], PairCounts]) -> Expected:
    """Return what was counted as `counted` does."""
    return {
        frozenset({sides[i], sides[j]}): Counter({v: count.of(v) for v in Verdict if count.of(v)})
        for (i, j), count in counts.items()
    }


def racing(accesses: list[Access], pairs: list[Judged]) -> list[bool]:
    """Tell of each access whether it is in a pair that is not guarded."""
    members = {id(access) for *both, verdict in pairs if verdict is not Verdict.GUARDED for access in both}
    return [id(access) in members for access in accesses]
