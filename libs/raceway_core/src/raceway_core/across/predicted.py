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

from raceway_core.access import Variable
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.deed import Deed, Doer, LockedWrite, SplitUpdate, deed_key, doers_of, may_lose
from raceway_core.finding import MOST_EXAMPLES, PairCounts
from raceway_core.grouping import Tally
from raceway_core.lost_update_tally import pair_key, sides_between
from raceway_core.predicted_finding import shown_pair
from raceway_core.predicted_update import Predicted
from raceway_core.write_order import Update

MOST_DEEDS = 200
"""So many different deeds are compared; of more the counts are lower bounds."""

_NEIGHBOURS = 4
"""Of each new transaction so many before and after it in time are asked whether they make an example."""

_CANDIDATES = 4 * MOST_EXAMPLES


class Prediction(NamedTuple):
    """The predicted losses of a run, counted by sides, and all that are shown of them."""

    tallies: Sequence[Tally]
    shown: Sequence[Predicted]


def predict_across(run: RunAccesses, variable: Variable) -> Prediction:
    """Return the predicted losses between different traces of a run.

    A pair of transactions is counted once, for one of the ways in which it may lose something.

    Time: O(k log k) for k accesses, and the square of the number of different deeds, `MOST_DEEDS` at most.
    """
    doers = doers_of(run)
    if not any(doer.updates for doer in doers):
        return Prediction((), ())
    by_deed: dict[Deed, list[Doer]] = {}
    for doer in doers:
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
            meeting = _Meeting(run, sides[first], sides[second], way)
            examples = meeting.examples()
            tallies.append(meeting.tally(variable, count, examples))
            shown += examples
    return Prediction(tallies, shown)


class _Side(NamedTuple):
    """The transactions of one deed by time, with their begins; `new` has those of traces that are new."""

    doers: Sequence[Doer]
    starts: Sequence[int]
    new: Sequence[Doer]


def _side(doers: Sequence[Doer], run: RunAccesses) -> _Side:
    starts = [int(run.starts[doer.accesses].min()) for doer in doers]
    in_time = sorted(range(len(doers)), key=lambda place: (starts[place], doers[place].trace))
    by_time = [doers[place] for place in in_time]
    new = [doer for doer in by_time if run.is_new[doer.accesses[0]]]
    return _Side(by_time, [starts[place] for place in in_time], new)


class _Way(NamedTuple):
    """How one of two deeds may lose what the other wrote."""

    update: SplitUpdate
    write: LockedWrite


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
    new = {doer.trace for doer in (*first.new, *second.new)}
    old = [[doer for doer in side.doers if doer.trace not in new] for side in (first, second)]
    compared = _pairs(first.doers, second.doers) - _pairs(*old)
    return compared // 2 if is_one else compared


def _pairs(mine: Sequence[Doer], theirs: Sequence[Doer]) -> int:
    """Return how many pairs are of different traces; each twice if it is one side."""
    ours, others = (Counter(doer.trace for doer in side) for side in (mine, theirs))
    return len(mine) * len(theirs) - sum(count * others[trace] for trace, count in ours.items())


class _Meeting(NamedTuple):
    """Two sides that are compared, at least one pair of them."""

    run: RunAccesses
    first: _Side
    second: _Side
    way: _Way

    def examples(self) -> list[Predicted]:
        """Return the losses that a reader should see, of neighbours in time; at least one."""
        pairs = chain(_near(self.first, self.second), _near(self.second, self.first))
        near = [(mine, theirs) for _, mine, theirs in nsmallest(_CANDIDATES, pairs, key=itemgetter(0))]
        predicted = [self._predicted(*pair) for pair in near or [_any_of(self.first, self.second)]]
        found = {pair_key(shown_pair(one)): one for one in predicted}
        return [found[key] for key in sorted(found)[:MOST_EXAMPLES]]

    def tally(self, variable: Variable, count: int, shown: Sequence[Predicted]) -> Tally:
        """Return the count with what takes part in it."""
        taking_part = [*_taking_part(self.first, self.second), *_taking_part(self.second, self.first)]
        accesses = [access for doer in taking_part for access in doer.accesses]
        return Tally(
            variable=variable,
            sides=sides_between(shown[0].update.write, shown[0].write),
            counts=PairCounts(possible=count),
            trace_ids=tuple(self.run.traces[trace] for trace in sorted({doer.trace for doer in taking_part})),
            first_ns=int(self.run.starts[accesses].min()),
            last_ns=int(self.run.ends[accesses].max()),
            pairs=list(map(shown_pair, shown)),
        )

    def _predicted(self, first: Doer, second: Doer) -> Predicted:
        update, write = self.way
        loser, other = first, second
        if update not in first.updates or write not in second.writes:
            loser, other = second, first
        read, own, lost = self.run.accesses((*loser.updates[update], other.writes[write]))
        return Predicted(Update(read, own), lost)


def _near(first: _Side, second: _Side) -> Iterator[tuple[int, Doer, Doer]]:
    """Yield new transactions of the first side with their neighbours of other traces, and the gap."""
    new = {doer.trace for doer in first.new}
    for doer, start in zip(first.doers, first.starts, strict=True):
        if doer.trace in new:
            place = bisect_left(second.starts, start)
            for other in range(max(0, place - _NEIGHBOURS), min(place + _NEIGHBOURS, len(second.doers))):
                if second.doers[other].trace != doer.trace:
                    yield abs(second.starts[other] - start), doer, second.doers[other]


def _any_of(first: _Side, second: _Side) -> tuple[Doer, Doer]:
    """Return a pair that is compared, of which there is one: near in time may be one trace alone."""
    for side, other_side in ((first, second), (second, first)):
        others = list({doer.trace: doer for doer in reversed(other_side.doers)}.values())[:2]
        for doer in side.new:
            for other in others:
                if other.trace != doer.trace:
                    return doer, other
    raise ValueError("no pair of these is compared")


def _taking_part(side: _Side, others: _Side) -> Iterator[Doer]:
    """Yield those transactions of a side that have a partner on the other."""
    traces, new = ({doer.trace for doer in doers} for doers in (others.doers, others.new))
    is_new = {doer.trace for doer in side.new}
    for doer in side.doers:
        partners = traces if doer.trace in is_new else new
        if len(partners) > (doer.trace in partners):
            yield doer
