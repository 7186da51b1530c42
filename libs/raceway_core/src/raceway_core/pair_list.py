"""Which pairs: listing them lazily, and choosing the few that a reader sees.

The accesses of a lane lie in program order, so those that are concurrent with a given access are a
window: two binary searches on happens-before find it, and what lies in it is listed only as far as
somebody reads.

    lane 1   a1 ─ a2 ─ a3 ─ a4 ─ a5
               └──► e ──────────┘            a1 is before e, a5 after it: the window is a2..a4

Guarded pairs are not listed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from raceway_core.access import Access
from raceway_core.finding import MOST_EXAMPLES, PairCounts, Verdict
from raceway_core.nearest_pair import nearest_pairs
from raceway_core.race import Pair, Races

MOST_NEIGHBOURS = 64
"""So many racing accesses of either side are searched for the pairs that are nearest in time."""

MOST_TRIED = 10_000
"""So many pairs are looked at where those are not of the strongest verdict."""


def list_pairs(races: Races, first: int, second: int) -> Iterator[Pair]:
    """Yield the pairs of two sides, the smaller number first, each once.

    Time: O(lanes · log k) per access of the first side, O(1) per pair.
    """
    if races.compared is not None:
        yield from races.compared.get((first, second), ())
        return
    lane_of = races.judge.order.c.lane
    lanes: dict[int, list[int]] = {}
    for place in races.racing_of[second]:
        lanes.setdefault(lane_of[races.accesses[place].number], []).append(place)
    for mine in races.racing_of[first]:
        for lane in lanes.values():
            for theirs in _window(races, mine, lane):
                pair = None if first == second and theirs <= mine else _pair(races, mine, theirs)
                if pair is not None:
                    yield pair


def strongest_pairs(races: Races, first: int, second: int, counts: PairCounts) -> list[Pair]:
    """Return pairs of two sides that have `counts`, among them the strongest that are near in time.

    Time: O(lanes · log k + `MOST_NEIGHBOURS`²), where pairs of that verdict are not rare.
    """
    if counts.reported <= MOST_NEIGHBOURS:
        return list(list_pairs(races, first, second))
    wanted = counts.strongest
    found = _near(races, first, second, wanted, counts)
    missing = min(counts.of(wanted), MOST_EXAMPLES) - sum(pair.verdict is wanted for pair in found)
    if missing > 0:
        tried = islice(list_pairs(races, first, second), MOST_TRIED)
        found.extend(islice((pair for pair in tried if pair.verdict is wanted), MOST_EXAMPLES))
    return found or list(islice(list_pairs(races, first, second), MOST_EXAMPLES))


def _near(races: Races, first: int, second: int, wanted: Verdict, counts: PairCounts) -> list[Pair]:
    def judge(mine: Access, theirs: Access) -> Pair | None:
        verdict = races.judge(mine, theirs)
        return None if verdict is None or verdict is Verdict.GUARDED else Pair(mine, theirs, verdict)

    mine = [races.accesses[place] for place in races.racing_of[first][:MOST_NEIGHBOURS]]
    theirs = [races.accesses[place] for place in races.racing_of[second][:MOST_NEIGHBOURS]]
    others = mine if first == second else theirs
    return nearest_pairs(mine, others, judge, wanted, counts.of(wanted)) or []


def _window(races: Races, place: int, lane: Sequence[int]) -> Sequence[int]:
    """Return the part of a lane's accesses that is concurrent with the access at `place`."""
    before = races.judge.order.c.happens_before
    accesses, number = races.accesses, races.accesses[place].number
    begin = bisect_left(lane, 1, key=lambda other: not before(accesses[other].number, number))
    end = bisect_left(lane, 1, lo=begin, key=lambda other: before(number, accesses[other].number))
    return lane[begin:end]


def _pair(races: Races, mine: int, theirs: int) -> Pair | None:
    first, second = races.accesses[mine], races.accesses[theirs]
    verdict = None if first is second else races.judge(first, second)
    return None if verdict is None or verdict is Verdict.GUARDED else Pair(first, second, verdict)
