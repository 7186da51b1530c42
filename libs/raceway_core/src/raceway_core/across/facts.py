"""The accesses of a run as arrays, and the relations between them that are counted.

A relation is asked in two ways that must agree: how many pairs between two sets of accesses have it
(`between`, `within`), which is fast and knows nothing of traces, and which of the listed pairs have
it (`holds`). `compared` makes the one count out of both that a run wants: pairs of different traces,
one of which is new in the span.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

import numpy as np

from raceway_core.access import transaction_key
from raceway_core.across.accesses import RunAccesses
from raceway_core.counting.interval_count import Flags, Integers, Intervals

MOST_LISTED = 64
"""Up to so many pairs inside one trace are listed; of more it is cheaper to count them apart."""


class Relation(Protocol):
    """A symmetric relation between accesses, which are given by number."""

    def between(self, first: Integers, second: Integers) -> int:
        """Return how many pairs of one of `first` with one of `second` have it; no number in both."""
        ...

    def within(self, chosen: Integers) -> int:
        """Return how many unordered pairs of different ones of `chosen` have it."""
        ...

    def holds(self, first: Integers, second: Integers) -> Flags:
        """Tell for each i whether the pair (first[i], second[i]) has it."""
        ...


class Facts:
    """Arrays over the accesses of a run, by their number in `RunAccesses.accesses`.

    `starts` is when it began, `reach` that of its transaction. Equal `clock` is one clock, equal
    `host` one host where `has_host`; `crowded_hosts` have several clocks.
    """

    def __init__(self, run: RunAccesses) -> None:
        reach_of = [run.reaches[transaction_key(access)] for access in run.accesses]
        epoch_ns = min(reach.start_ns for reach in reach_of)
        self.reach = Intervals(
            np.array([reach.start_ns - epoch_ns for reach in reach_of], dtype=np.int64),
            np.array([reach.end_ns - epoch_ns for reach in reach_of], dtype=np.int64),
        )
        self.starts = np.array([access.start_ns - epoch_ns for access in run.accesses], dtype=np.int64)
        self.clock = _numbered([reach.site for reach in reach_of])
        self.has_one_clock = not self.clock.any()
        self.host = _numbered([reach.site.host for reach in reach_of])
        clocks_of_host: dict[int, set[int]] = {}
        for host, clock in zip(self.host.tolist(), self.clock.tolist(), strict=True):
            clocks_of_host.setdefault(host, set()).add(clock)
        self.crowded_hosts = sorted(host for host, clocks in clocks_of_host.items() if len(clocks) > 1)
        self.has_host = np.array([bool(reach.site.host) for reach in reach_of], dtype=np.bool_)
        self.trace = _numbered([access.trace_id for access in run.accesses])
        self.is_new = np.array([access.trace_id in run.new_traces for access in run.accesses], dtype=np.bool_)


def compared(relation: Relation, facts: Facts, first: Integers, second: Integers | None = None) -> int:
    """Return how many pairs of different traces, one of them new, have `relation`.

    Pairs of one of `first` with one of `second`, which have no number in common, or of two
    different ones of `first`.
    """
    old_first = first[~facts.is_new[first]]
    if second is None:
        return relation.within(first) - relation.within(old_first) - _inside(relation, facts, first)
    old_second = second[~facts.is_new[second]]
    count = relation.between(first, second) - relation.between(old_first, old_second)
    return count - _inside_both(relation, facts, first, second)


def _inside(relation: Relation, facts: Facts, chosen: Integers) -> int:
    """Return how many pairs are of one new trace."""
    groups = _new_by_trace(facts, chosen)
    mine: list[int] = []
    theirs: list[int] = []
    count = 0
    for group in groups.values():
        if len(group) * len(group) > MOST_LISTED:
            count += relation.within(np.array(group, dtype=np.int64))
        elif len(group) > 1:
            for place, number in enumerate(group):
                mine.extend([number] * place)
                theirs.extend(group[:place])
    return count + _listed(relation, mine, theirs)


def _inside_both(relation: Relation, facts: Facts, first: Integers, second: Integers) -> int:
    groups, others = _new_by_trace(facts, first), _new_by_trace(facts, second)
    mine: list[int] = []
    theirs: list[int] = []
    count = 0
    for trace in groups.keys() & others.keys():
        group, other = groups[trace], others[trace]
        if len(group) * len(other) > MOST_LISTED:
            count += relation.between(np.array(group, dtype=np.int64), np.array(other, dtype=np.int64))
        else:
            mine.extend(number for number in group for _ in other)
            theirs.extend(other * len(group))
    return count + _listed(relation, mine, theirs)


def _listed(relation: Relation, mine: list[int], theirs: list[int]) -> int:
    if not mine:
        return 0
    pairs = np.array(mine, dtype=np.int64), np.array(theirs, dtype=np.int64)
    return int(np.count_nonzero(relation.holds(*pairs)))


def _new_by_trace(facts: Facts, chosen: Integers) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    new = chosen[facts.is_new[chosen]]
    for number, trace in zip(new.tolist(), facts.trace[new].tolist(), strict=True):
        groups.setdefault(trace, []).append(number)
    return groups


def _numbered(items: Sequence[Hashable]) -> Integers:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(item, len(numbers)) for item in items], dtype=np.int64)
