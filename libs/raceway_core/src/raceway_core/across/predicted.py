"""Predicted lost updates across traces: an update split by its lock, and writes that fit in the gap.

The definition is that of one trace (`raceway_core.predicted_update`), where C orders nothing: an update may
lose the write of another trace iff the write is guarded against both of its accesses, and every lock that
all three hold is known to have been free in between (`raceway_core.across.split`). When the two happened
does not matter, but to which two are compared where (`raceway_core.across.pairing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import nsmallest
from itertools import combinations_with_replacement
from operator import itemgetter
from typing import NamedTuple

from raceway_core.access import Variable
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.deed import Deed, Doer, LockedWrite, SplitUpdate, deed_key, doers_of, may_lose
from raceway_core.across.pairing import Group, Pairing, group_of
from raceway_core.finding import MOST_EXAMPLES, PairCounts
from raceway_core.grouping import Tally
from raceway_core.lost_update_tally import pair_key, sides_between
from raceway_core.predicted_finding import shown_pair
from raceway_core.predicted_update import Predicted
from raceway_core.write_order import Update

MOST_DEEDS = 200
"""So many different deeds are compared; of more the counts are lower bounds."""

_CANDIDATES = 4 * MOST_EXAMPLES


class Prediction(NamedTuple):
    """The predicted losses of a run, counted by sides, and all that are shown of them."""

    tallies: Sequence[Tally]
    shown: Sequence[Predicted]


def predict_across(run: RunAccesses, variable: Variable, pairing: Pairing) -> Prediction:
    """Return the predicted losses between those traces of a run that are compared.

    A pair of transactions is counted once, for one of the ways in which it may lose something.

    Time: O(k log k) for k accesses, and the square of the number of different deeds, `MOST_DEEDS` at most.
    """
    doers = doers_of(run)
    if not any(doer.updates for doer in doers):
        return Prediction((), ())
    tallies: list[Tally] = []
    shown: list[Predicted] = []
    for meeting in _meetings(run, doers, pairing):
        if count := pairing.count(meeting.first, meeting.second):
            examples = meeting.examples()
            tallies.append(meeting.tally(variable, count, examples))
            shown += examples
    return Prediction(tallies, shown)


def _meetings(run: RunAccesses, doers: Sequence[Doer], pairing: Pairing) -> Iterator[_Meeting]:
    """Yield each two groups of one deed each, one of which may lose what the other wrote."""
    by_deed: dict[Deed, list[Doer]] = {}
    for doer in doers:
        by_deed.setdefault(doer.deed, []).append(doer)
    deeds = sorted(by_deed, key=deed_key)[:MOST_DEEDS]
    groups = [group_of(by_deed[deed], run) for deed in deeds]
    for first, second in combinations_with_replacement(range(len(deeds)), 2):
        if not deeds[first][0]:
            break
        if way := _way_between(deeds[first], deeds[second]):
            yield _Meeting(run, groups[first], groups[second], way, pairing)


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


class _Meeting(NamedTuple):
    """Two groups of transactions that are compared."""

    run: RunAccesses
    first: Group
    second: Group
    way: _Way
    pairing: Pairing

    def examples(self) -> list[Predicted]:
        """Return the losses that a reader should see, near in time; one at least of those counted."""
        pairs = self.pairing.near(self.first, self.second)
        near = nsmallest(_CANDIDATES, pairs, key=itemgetter(0))
        predicted = [self._predicted(mine, theirs) for _, mine, theirs in near]
        found = {pair_key(shown_pair(one)): one for one in predicted}
        return [found[key] for key in sorted(found)[:MOST_EXAMPLES]]

    def tally(self, variable: Variable, count: int, shown: Sequence[Predicted]) -> Tally:
        """Return the count with what takes part in it."""
        both = ((self.first, self.second), (self.second, self.first))
        taking_part = [doer for groups in both for doer in self.pairing.taking_part(*groups)]
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
