"""Predicted lost updates across traces: an update split by its lock, and writes that fit in the gap.

The definition is that of one trace (`raceway_core.predicted_update`), where C orders nothing: an update may
lose the write of another trace iff the write is guarded against both of its accesses, and every lock that
all three hold is known to have been free in between (`raceway_core.across.split`). When the two happened
does not matter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import nsmallest
from itertools import chain, combinations_with_replacement
from operator import itemgetter
from typing import NamedTuple

from raceway_core.across.accesses import RunAccesses
from raceway_core.across.deed import Deed, Doer, LockedWrite, SplitUpdate, deed_key, doers_of, may_lose
from raceway_core.finding import MOST_EXAMPLES, PairCounts
from raceway_core.grouping import Tally
from raceway_core.lost_update_tally import pair_key, sides_between
from raceway_core.predicted_finding import shown_pair
from raceway_core.predicted_update import Predicted

MOST_DEEDS = 200
"""So many different deeds are compared; of more the counts are lower bounds."""

_NEIGHBOURS = 4
"""Of each new transaction so many before and after it in time are asked whether they make an example."""

_CANDIDATES = 4 * MOST_EXAMPLES


class Prediction(NamedTuple):
    """The predicted losses of a run, counted by sides, and all that are shown of them."""

    tallies: Sequence[Tally]
    shown: Sequence[Predicted]


class _Way(NamedTuple):
    """How one of two deeds may lose what the other wrote."""

    update: SplitUpdate
    write: LockedWrite


class _Side(NamedTuple):
    """The transactions of one deed by time, all of them and those of traces that are new in the span."""

    doers: Sequence[Doer]
    new: Sequence[Doer]


def predict_across(run: RunAccesses) -> Prediction:
    """Return the predicted losses between different traces of a run.

    A pair of transactions is counted once, for one of the ways in which it may lose something.

    Time: O(k log k) for k accesses, and the square of the number of different deeds, `MOST_DEEDS` at most.
    """
    doers = doers_of(run)
    if not any(doer.updates for doer in doers):
        return Prediction((), ())
    by_deed: dict[Deed, list[Doer]] = {}
    for doer in sorted(doers, key=lambda doer: (doer.start_ns, doer.trace_id)):
        by_deed.setdefault(doer.deed, []).append(doer)
    deeds = sorted(by_deed, key=deed_key)[:MOST_DEEDS]
    sides = [_side(by_deed[deed], run) for deed in deeds]
    tallies: list[Tally] = []
    shown: list[Predicted] = []
    for first, second in combinations_with_replacement(range(len(deeds)), 2):
        if not deeds[first][0]:
            break
        way = _way_between(deeds[first], deeds[second])
        count = 0 if way is None else _count(sides[first], sides[second], is_one=first == second)
        if way is not None and count:
            examples = _examples(sides[first], sides[second], way)
            tallies.append(_tally(sides[first], sides[second], count, examples))
            shown += examples
    return Prediction(tallies, shown)


def _side(doers: Sequence[Doer], run: RunAccesses) -> _Side:
    return _Side(doers, [doer for doer in doers if doer.trace_id in run.new_traces])


def _way_between(first: Deed, second: Deed) -> _Way | None:
    ways = [
        _Way(update, write)
        for mine, theirs in ((first, second), (second, first))
        for update in mine[0]
        for write in theirs[1]
        if may_lose(update, write)
    ]
    return min(ways, key=repr, default=None)


def _count(first: _Side, second: _Side, *, is_one: bool) -> int:
    """Return how many pairs of transactions of different traces are compared here."""
    new = {doer.trace_id for doer in (*first.new, *second.new)}
    old = [[doer for doer in side.doers if doer.trace_id not in new] for side in (first, second)]
    compared = _pairs(first.doers, second.doers) - _pairs(*old)
    return compared // 2 if is_one else compared


def _pairs(mine: Sequence[Doer], theirs: Sequence[Doer]) -> int:
    """Return how many pairs are of different traces; each twice if it is one side."""
    ours, others = (Counter(doer.trace_id for doer in side) for side in (mine, theirs))
    return len(mine) * len(theirs) - sum(count * others[trace_id] for trace_id, count in ours.items())


def _examples(first: _Side, second: _Side, way: _Way) -> list[Predicted]:
    """Return those that a reader should see, of neighbours in time; at least one."""
    near = nsmallest(_CANDIDATES, chain(_near(first, second), _near(second, first)), key=itemgetter(0))
    pairs = [(mine, theirs) for _, mine, theirs in near] or [_any_of(first, second)]
    found = {pair_key(shown_pair(one)): one for one in (_predicted(*pair, way) for pair in pairs)}
    return [found[key] for key in sorted(found)[:MOST_EXAMPLES]]


def _near(first: _Side, second: _Side) -> Iterator[tuple[int, Doer, Doer]]:
    """Yield new transactions of the first side with their neighbours of other traces, and the gap."""
    starts = [doer.start_ns for doer in second.doers]
    for doer in first.new:
        place = bisect_left(starts, doer.start_ns)
        for other in second.doers[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS]:
            if other.trace_id != doer.trace_id:
                yield abs(other.start_ns - doer.start_ns), doer, other


def _any_of(first: _Side, second: _Side) -> tuple[Doer, Doer]:
    """Return a pair that is compared, of which there is one: near in time may be one trace alone."""
    for side, other_side in ((first, second), (second, first)):
        others = list({doer.trace_id: doer for doer in reversed(other_side.doers)}.values())[:2]
        for doer in side.new:
            for other in others:
                if other.trace_id != doer.trace_id:
                    return doer, other
    raise ValueError("no pair of these is compared")


def _predicted(first: Doer, second: Doer, way: _Way) -> Predicted:
    if way.update in first.updates and way.write in second.writes:
        return Predicted(first.updates[way.update], second.writes[way.write])
    return Predicted(second.updates[way.update], first.writes[way.write])


def _tally(first: _Side, second: _Side, count: int, shown: Sequence[Predicted]) -> Tally:
    everybody = [*_taking_part(first, second), *_taking_part(second, first)]
    accesses = [access for doer in everybody for access in doer.accesses]
    update, write = shown[0].update.write, shown[0].write
    return Tally(
        variable=write.variable,
        sides=sides_between(update, write),
        counts=PairCounts(possible=count),
        trace_ids=tuple(sorted({doer.trace_id for doer in everybody})),
        first_ns=min(access.start_ns for access in accesses),
        last_ns=max(access.end_ns for access in accesses),
        pairs=list(map(shown_pair, shown)),
    )


def _taking_part(side: _Side, others: _Side) -> Iterator[Doer]:
    """Yield those transactions of a side that have a partner on the other."""
    traces, new = ({doer.trace_id for doer in doers} for doers in others)
    is_new = {doer.trace_id for doer in side.new}
    for doer in side.doers:
        partners = traces if doer.trace_id in is_new else new
        if len(partners) > (doer.trace_id in partners):
            yield doer
