"""Many traces of one write each: their lost updates, counted by sorted search.

Two transactions of one write each make one lost update at most: the later write may have
overwritten the earlier one. Transactions that touch the variable at the same places are one class;
of two classes the pairs are the writes of one that stand between the reads and the writes of the
other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from raceway_core.access import Variable
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.facts import transaction_times
from raceway_core.across.order import RunOrder, Updates
from raceway_core.across.window import Shape
from raceway_core.counting.fingerprint import Side, fingerprint_of
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.finding import MOST_EXAMPLES, PairCounts
from raceway_core.grouping import Tally
from raceway_core.lost_update import LostUpdate, Overwrite, one_per_pair
from raceway_core.lost_update_tally import aliases_between, nearest, shown_pair, sides_between
from raceway_core.write_order import Update

Conduct: TypeAlias = frozenset[Side]
"""What a transaction does to the variable."""


class _Class(NamedTuple):
    """The transactions of one conduct: their writes, in their order, and their updates."""

    conduct: Conduct
    writes: Integers
    updates: Updates


class _Losses(NamedTuple):
    """How many writes some updates lose, which writes take part, and the pairs nearest in time.

    `shown` are the places of updates and of writes among those that were compared.
    """

    pairs: int
    writes: Integers
    shown: Sequence[tuple[int, int]]


def simple_shapes(run: RunAccesses) -> Flags:
    """Tell of each shape whether a trace of it has one committed transaction, with one write at most."""
    return np.array([_is_simple(shape) for shape in run.shapes], dtype=np.bool_)


def _is_simple(shape: Shape) -> bool:
    committed = [stand for stand in shape.stands if stand.is_committed]
    writes = sum(stand.access_type.writes for stand in committed)
    return len({stand.transaction for stand in committed}) == 1 and writes <= 1


def crowd_tallies(order: RunOrder, variable: Variable, run: RunAccesses) -> Iterator[Tally]:
    """Yield the lost updates of an order in which each trace is one transaction of one write.

    Time: O(k log k) per two classes.
    """
    crowd = _Crowd(order, variable, run)
    for mine in crowd.classes:
        for theirs in crowd.classes:
            tally = crowd.tally(mine, theirs)
            if tally is not None:
                yield tally


class _Crowd:
    def __init__(self, order: RunOrder, variable: Variable, run: RunAccesses) -> None:
        self._order = order
        self._variable = variable
        self._run = run
        self._times = transaction_times(run)
        self._read_of = dict(zip(order.updates.writes.tolist(), order.updates.reads.tolist(), strict=True))
        self.classes = list(_classes_of(order, run))

    def tally(self, mine: _Class, theirs: _Class) -> Tally | None:
        """Return what updates of one class lose of the writes of another; None if it is nothing."""
        run, name = self._run, self._variable.name
        parts = [self._losses(*compared) for compared in self._compared(mine.updates, theirs.writes)]
        found = self._one_per_pair([pair for part in parts for pair in part.shown])
        if not found:
            return None
        sides = sides_between(found[0].update.write, found[0].lost)
        taking_part = np.unique(np.concatenate([part.writes for part in parts]))
        own = run.transaction[taking_part]
        aliases = aliases_between(name, mine.conduct, tuple(theirs.conduct))
        return Tally(
            variable=self._variable,
            sides=sides,
            counts=PairCounts(proven=sum(part.pairs for part in parts)),
            trace_ids=tuple([run.traces[trace] for trace in np.unique(run.trace[taking_part]).tolist()]),
            first_ns=int(self._times[0][own].min()),
            last_ns=int(self._times[1][own].max()),
            pairs=nearest(map(shown_pair, found)),
            aliases=tuple(sorted(aliases - {fingerprint_of(name, *sides)})),
        )

    def _compared(self, updates: Updates, writes: Integers) -> Iterator[tuple[Updates, Integers]]:
        """Yield the updates with the writes that they are compared with in this span."""
        is_new = self._run.is_new
        yield updates.of(is_new[updates.writes]), writes
        yield updates.of(~is_new[updates.writes]), writes[is_new[writes]]

    def _losses(self, updates: Updates, writes: Integers) -> _Losses:
        ranks = self._order.ranks
        begins = np.searchsorted(ranks[writes], ranks[updates.reads], side="right")
        ends = np.searchsorted(ranks[writes], ranks[updates.writes], side="left")
        counts = ends - begins
        depth = np.zeros(len(writes) + 1, dtype=np.int64)
        np.add.at(depth, begins, 1)
        np.add.at(depth, ends, -1)
        taking_part = np.concatenate((updates.writes[counts > 0], writes[np.cumsum(depth)[:-1] > 0]))
        numbers, places = _nearest_places(self._run, updates, writes, begins, ends)
        shown = zip(updates.writes[numbers].tolist(), writes[places].tolist(), strict=True)
        return _Losses(int(counts.sum()), taking_part, list(shown))

    def _one_per_pair(self, shown: Sequence[tuple[int, int]]) -> list[LostUpdate]:
        """Return the lost updates of pairs of an update's write and a lost one."""
        updates = {
            number: Update(self._run.access(self._read_of[number]), self._run.access(number))
            for pair in shown
            for number in pair
            if number in self._read_of
        }
        overwrites = (
            Overwrite(self._order.rule, updates[write], self._run.access(lost)) for write, lost in shown
        )
        return one_per_pair(overwrites, list(updates.values()))


def _classes_of(order: RunOrder, run: RunAccesses) -> Iterator[_Class]:
    numbers: dict[Conduct, int] = {}
    of_shape = [
        numbers.setdefault(_conduct_of(run, number), len(numbers)) for number in range(len(run.shapes))
    ]
    conduct = np.array(of_shape, dtype=np.int64)[run.shape][run.trace]
    for sides, number in numbers.items():
        writes = order.writes[conduct[order.writes] == number]
        if len(writes):
            yield _Class(sides, writes, order.updates.of(conduct[order.updates.writes] == number))


def _conduct_of(run: RunAccesses, shape: int) -> Conduct:
    return frozenset(role.side for role in run.roles_of(shape) if role.is_committed)


def _nearest_places(
    run: RunAccesses, updates: Updates, writes: Integers, begins: Integers, ends: Integers
) -> tuple[Integers, Integers]:
    """Return update and place of some lost writes that are near in order: those nearest in time.

    Of equally near ones those of the first traces, as `lost_update_tally.nearest` takes them.
    """
    near = [np.flatnonzero(ends - back >= begins) for back in range(1, MOST_EXAMPLES + 1)]
    numbers = np.concatenate(near)
    places = np.concatenate([ends[chosen] - back for back, chosen in enumerate(near, 1)])
    making, lost = updates.writes[numbers], writes[places]
    is_first = (run.starts[lost] < run.starts[making]) | (
        (run.starts[lost] == run.starts[making]) & (run.trace[lost] < run.trace[making])
    )
    first, second = np.where(is_first, lost, making), np.where(is_first, making, lost)
    gaps = np.maximum(0, run.starts[second] - run.ends[first])
    nearest_first = np.lexsort((run.trace[second], run.trace[first], gaps))[:MOST_EXAMPLES]
    return numbers[nearest_first], places[nearest_first]
