"""The accesses of a run as arrays, and the relations between them that are counted.

A relation is asked in two ways that must agree: how many pairs between two sets of accesses have it
(`between`, `within`), which is fast and knows nothing of traces, and which of the listed pairs have
it (`holds`). `compared` makes the one count out of both that a run wants: pairs of different traces,
one of which is new in the span.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from raceway_core.across.accesses import RunAccesses
from raceway_core.counting.interval_count import Flags, Integers, Intervals
from raceway_core.counting.overlap import Timing

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
    """Columns over the accesses of a run that the relations are made of, times in ns since the first."""

    def __init__(self, run: RunAccesses) -> None:
        starts_ns, ends_ns = transaction_times(run)
        epoch_ns = starts_ns.min()
        actors = [run.roles[role].actor for role in _first_roles(run).tolist()]
        self.timing = Timing(Intervals(starts_ns - epoch_ns, ends_ns - epoch_ns), actors, run.transaction)
        self.reach = self.timing.reach
        self.starts: Integers = run.starts - epoch_ns
        self.trace = run.trace
        self.is_new = run.is_new


def transaction_times(run: RunAccesses) -> tuple[Integers, Integers]:
    """Return when each transaction first and last touched the variable."""
    starts = np.full(run.transaction_count, np.iinfo(np.int64).max)
    ends = np.full(run.transaction_count, np.iinfo(np.int64).min)
    np.minimum.at(starts, run.transaction, run.starts)
    np.maximum.at(ends, run.transaction, run.ends)
    return starts, ends


def _first_roles(run: RunAccesses) -> Integers:
    """Return the role of each transaction's first access; that of no access is 0."""
    roles = np.zeros(run.transaction_count, dtype=np.int64)
    roles[run.transaction[::-1]] = run.role[::-1]  # of several assignments the last one stays
    return roles


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
    mine = _new_in_order(facts, chosen)
    begins, ends = _ranges(facts.trace[mine], facts.trace[mine])
    is_large = (ends - begins) ** 2 > MOST_LISTED
    large = np.unique(np.stack((begins, ends), axis=1)[is_large], axis=0).tolist()
    count = sum(relation.within(mine[begin:end]) for begin, end in large)
    behind = np.arange(1, len(mine) + 1)  # so that each pair is listed once
    return count + _listed(relation, mine, mine, behind, np.where(is_large, behind, ends))


def _inside_both(relation: Relation, facts: Facts, first: Integers, second: Integers) -> int:
    mine, theirs = _new_in_order(facts, first), _new_in_order(facts, second)
    begins, ends = _ranges(facts.trace[theirs], facts.trace[mine])
    own_begins, own_ends = _ranges(facts.trace[mine], facts.trace[mine])
    is_large = (own_ends - own_begins) * (ends - begins) > MOST_LISTED
    bounds = np.stack((own_begins, own_ends, begins, ends), axis=1)[is_large]
    count = sum(
        relation.between(mine[begin:end], theirs[left:right])
        for begin, end, left, right in np.unique(bounds, axis=0).tolist()
    )
    return count + _listed(relation, mine, theirs, begins, np.where(is_large, begins, ends))


def _new_in_order(facts: Facts, chosen: Integers) -> Integers:
    """Return those of new traces, in the order of their traces."""
    new = chosen[facts.is_new[chosen]]
    return new[np.argsort(facts.trace[new], kind="stable")]


def _ranges(traces: Integers, wanted: Integers) -> tuple[Integers, Integers]:
    """Return from where to where the sorted `traces` equal each of `wanted`."""
    return np.searchsorted(traces, wanted, side="left"), np.searchsorted(traces, wanted, side="right")


def _listed(relation: Relation, mine: Integers, theirs: Integers, begins: Integers, ends: Integers) -> int:
    """Return how many pairs of each of `mine` with its range of `theirs` have the relation."""
    sizes = ends - begins
    before = np.cumsum(sizes) - sizes
    places = np.repeat(begins - before, sizes) + np.arange(int(sizes.sum()))
    return int(np.count_nonzero(relation.holds(np.repeat(mine, sizes), theirs[places])))
