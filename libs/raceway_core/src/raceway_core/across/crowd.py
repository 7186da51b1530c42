"""Many traces of one write each: their lost updates, counted by sorted search.

Two transactions of one write each make one lost update at most: the later write may have
overwritten the earlier one. Transactions that touch the variable at the same places are one class;
of two classes the pairs are the writes of one that stand between the reads and the writes of the
other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from raceway_core.access import Access, TransactionKey, transaction_key
from raceway_core.across.accesses import RunAccesses
from raceway_core.counting.fingerprint import Side, fingerprint_of, side_of
from raceway_core.counting.interval_count import Integers
from raceway_core.event import TraceId
from raceway_core.finding import MOST_EXAMPLES, PairCounts
from raceway_core.grouping import Tally
from raceway_core.lost_update import Overwrite, one_per_pair
from raceway_core.lost_update_tally import aliases_between, nearest, shown_pair, sides_between
from raceway_core.write_order import Ranked, WriteOrder

Conduct: TypeAlias = frozenset[Side]
"""What a transaction does to the variable."""


class _Class(NamedTuple):
    """The writes, in their order, and the updates of the transactions of one conduct."""

    writes: Sequence[tuple[int, Access]]
    updates: Sequence[Ranked]


class _Losses(NamedTuple):
    """How many writes some updates lose, which traces take part, and the pairs nearest in time."""

    pairs: int
    traces: frozenset[TraceId]
    shown: Sequence[Overwrite]


def crowd_tallies(order: WriteOrder, accesses: Sequence[Access], run: RunAccesses) -> Iterator[Tally]:
    """Yield the lost updates of an order in which each trace is one transaction of one write.

    `accesses` are all that these transactions did. Time: O(k log k) per two classes.
    """
    crowd = _Crowd(order, accesses, run)
    for mine in crowd.classes:
        for theirs in crowd.classes:
            tally = crowd.tally(mine, theirs)
            if tally is not None:
                yield tally


class _Crowd:
    def __init__(self, order: WriteOrder, accesses: Sequence[Access], run: RunAccesses) -> None:
        self._order = order
        self._run = run
        self._reaches = {key[0]: reach for key, reach in run.reaches.items()}
        self.classes = _classes_of(order, _conducts_of(accesses))

    def tally(self, mine: Conduct, theirs: Conduct) -> Tally | None:
        """Return what updates of one class lose of the writes of another; None if it is nothing."""
        parts = [
            _losses(self._order, updates, writes)
            for updates, writes in self._compared(self.classes[mine].updates, self.classes[theirs].writes)
        ]
        overwrites = [overwrite for part in parts for overwrite in part.shown]
        if not overwrites:
            return None
        found = one_per_pair(overwrites, [ranked.update for ranked in self._order.updates])
        sides = sides_between(found[0].update.write, found[0].lost)
        variable = found[0].lost.variable
        traces = frozenset[TraceId]().union(*(part.traces for part in parts))
        aliases = aliases_between(variable.name, mine, tuple(theirs))
        return Tally(
            variable=variable,
            sides=sides,
            counts=PairCounts(proven=sum(part.pairs for part in parts)),
            trace_ids=tuple(sorted(traces)),
            first_ns=min(self._reaches[trace].start_ns for trace in traces),
            last_ns=max(self._reaches[trace].end_ns for trace in traces),
            pairs=nearest(map(shown_pair, found)),
            aliases=tuple(sorted(aliases - {fingerprint_of(variable.name, *sides)})),
        )

    def _compared(
        self, updates: Sequence[Ranked], writes: Sequence[tuple[int, Access]]
    ) -> Iterator[tuple[Sequence[Ranked], Sequence[tuple[int, Access]]]]:
        """Yield the updates with the writes that they are compared with in this span."""
        new = self._run.new_traces
        yield [one for one in updates if one.update.write.trace_id in new], writes
        newer = [write for write in writes if write[1].trace_id in new]
        yield [one for one in updates if one.update.write.trace_id not in new], newer


def _conducts_of(accesses: Sequence[Access]) -> Mapping[TransactionKey, Conduct]:
    sides: dict[TransactionKey, set[Side]] = {}
    for access in accesses:
        sides.setdefault(transaction_key(access), set()).add(side_of(access))
    return {key: frozenset(found) for key, found in sides.items()}


def _classes_of(order: WriteOrder, conducts: Mapping[TransactionKey, Conduct]) -> dict[Conduct, _Class]:
    writes: dict[Conduct, list[tuple[int, Access]]] = {}
    for ranked_write in zip(order.ranks, order.writes, strict=True):
        writes.setdefault(conducts[transaction_key(ranked_write[1])], []).append(ranked_write)
    updates: dict[Conduct, list[Ranked]] = {}
    for ranked in order.updates:
        updates.setdefault(conducts[transaction_key(ranked.update.write)], []).append(ranked)
    return {conduct: _Class(found, updates.get(conduct, [])) for conduct, found in writes.items()}


def _losses(order: WriteOrder, updates: Sequence[Ranked], writes: Sequence[tuple[int, Access]]) -> _Losses:
    ranks = np.array([rank for rank, _ in writes], dtype=np.int64)
    reads = np.array([ranked.read_rank for ranked in updates], dtype=np.int64)
    begins = np.searchsorted(ranks, reads, side="right")
    made = np.array([ranked.write_rank for ranked in updates], dtype=np.int64)
    ends = np.searchsorted(ranks, made, side="left")
    counts = ends - begins
    depth = np.zeros(len(ranks) + 1, dtype=np.int64)
    np.add.at(depth, begins, 1)
    np.add.at(depth, ends, -1)
    losing = {updates[number].update.write.trace_id for number in np.flatnonzero(counts).tolist()}
    lost = {writes[place][1].trace_id for place in np.flatnonzero(np.cumsum(depth)[:-1]).tolist()}
    shown = [
        Overwrite(order.rule, updates[number].update, writes[place][1])
        for number, place in _nearest_places(updates, writes, begins, ends)
    ]
    return _Losses(int(counts.sum()), frozenset(losing | lost), shown)


def _nearest_places(
    updates: Sequence[Ranked], writes: Sequence[tuple[int, Access]], begins: Integers, ends: Integers
) -> Iterator[tuple[int, int]]:
    """Yield update and place of lost writes that are near in order; the nearest in time are there."""
    ended = np.array([write.end_ns for _, write in writes], dtype=np.int64)
    started = np.array([ranked.update.write.start_ns for ranked in updates], dtype=np.int64)
    near = [np.flatnonzero(ends - back >= begins) for back in range(1, MOST_EXAMPLES + 1)]
    numbers = np.concatenate(near)
    places = np.concatenate([ends[chosen] - back for back, chosen in enumerate(near, 1)])
    gaps = np.abs(started[numbers] - ended[places])
    if len(gaps) > MOST_EXAMPLES:
        least = np.partition(gaps, MOST_EXAMPLES - 1)[MOST_EXAMPLES - 1]
        numbers, places = numbers[gaps <= least], places[gaps <= least]
    yield from zip(numbers.tolist(), places.tolist(), strict=True)
