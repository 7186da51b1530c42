"""Pairings: which transactions of different traces are compared, and so which pairs are counted where.

    in a span     those of which the later window begins in it and the earlier one touches it
    apart         those whose windows touch no span together, whenever they were

Each two windows of different traces are one or the other, never both; so no pair is counted twice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from raceway_core.across.accesses import RunAccesses
from raceway_core.across.deed import Doer
from raceway_core.span import SPAN_NS

_NEIGHBOURS = 4
"""Of each transaction so many next to it in time are asked whether they make an example."""


class Group(NamedTuple):
    """Transactions of one deed by time, with their begins; `new` has those of traces that are new."""

    doers: Sequence[Doer]
    starts: Sequence[int]
    new: Sequence[Doer]


def group_of(doers: Sequence[Doer], run: RunAccesses) -> Group:
    """Return transactions of one deed as a group."""
    starts = [int(run.starts[doer.accesses].min()) for doer in doers]
    in_time = sorted(range(len(doers)), key=lambda place: (starts[place], doers[place].trace))
    by_time = [doers[place] for place in in_time]
    new = [doer for doer in by_time if run.is_new[doer.accesses[0]]]
    return Group(by_time, [starts[place] for place in in_time], new)


class Pairing(Protocol):
    """Tells which pairs of two groups are compared; the two may be one and the same."""

    def count(self, first: Group, second: Group) -> int:
        """Return how many are."""
        ...

    def near(self, first: Group, second: Group) -> Iterator[tuple[int, Doer, Doer]]:
        """Yield some that are near in time, and their gap; one at least of those that there are."""
        ...

    def taking_part(self, group: Group, others: Group) -> Iterator[Doer]:
        """Yield the transactions of a group that have a partner among the others."""
        ...


class InSpan:
    """The pairing of a span: one of the two is new."""

    def count(self, first: Group, second: Group) -> int:
        """Do what `Pairing.count` promises."""
        new = {doer.trace for doer in (*first.new, *second.new)}
        old = [[doer for doer in group.doers if doer.trace not in new] for group in (first, second)]
        compared = _pairs(first.doers, second.doers) - _pairs(*old)
        return compared // 2 if first is second else compared

    def near(self, first: Group, second: Group) -> Iterator[tuple[int, Doer, Doer]]:
        """Do what `Pairing.near` promises."""
        is_lonely = True
        for mine, theirs in ((first, second), (second, first)):
            for pair in _neighbours(mine, theirs):
                is_lonely = False
                yield pair
        if is_lonely:
            yield 0, *_any_of(first, second)

    def taking_part(self, group: Group, others: Group) -> Iterator[Doer]:
        """Do what `Pairing.taking_part` promises."""
        traces, new = ({doer.trace for doer in doers} for doers in (others.doers, others.new))
        is_new = {doer.trace for doer in group.new}
        for doer in group.doers:
            partners = traces if doer.trace in is_new else new
            if len(partners) > (doer.trace in partners):
                yield doer


class Apart:
    """The pairing of windows that touch no span together: one ended in a span before the other began."""

    def __init__(self, run: RunAccesses) -> None:
        firsts, lasts = run.window_times()
        self._first: list[int] = (firsts // SPAN_NS).tolist()
        self._last: list[int] = (lasts // SPAN_NS).tolist()

    def count(self, first: Group, second: Group) -> int:
        """Do what `Pairing.count` promises."""
        followed = self._followed(first, second)
        return followed if first is second else followed + self._followed(second, first)

    def near(self, first: Group, second: Group) -> Iterator[tuple[int, Doer, Doer]]:
        """Do what `Pairing.near` promises."""
        for mine, theirs in ((first, second), (second, first)):
            later = sorted(
                zip(theirs.starts, theirs.doers, strict=True), key=lambda one: self._first[one[1].trace]
            )
            begins = [self._first[doer.trace] for _, doer in later]
            for start, doer in zip(mine.starts, mine.doers, strict=True):
                place = bisect_right(begins, self._last[doer.trace])
                yield from ((after - start, it, doer) for after, it in later[place:][:_NEIGHBOURS])

    def taking_part(self, group: Group, others: Group) -> Iterator[Doer]:
        """Do what `Pairing.taking_part` promises."""
        last_begin = max(self._first[doer.trace] for doer in others.doers)
        first_end = min(self._last[doer.trace] for doer in others.doers)
        for doer in group.doers:
            if self._last[doer.trace] < last_begin or first_end < self._first[doer.trace]:
                yield doer

    def _followed(self, earlier: Group, later: Group) -> int:
        begins = sorted(self._first[doer.trace] for doer in later.doers)
        return sum(len(begins) - bisect_right(begins, self._last[doer.trace]) for doer in earlier.doers)


def _pairs(mine: Sequence[Doer], theirs: Sequence[Doer]) -> int:
    """Return how many pairs are of different traces; each twice if it is one group."""
    ours, others = (Counter(doer.trace for doer in group) for group in (mine, theirs))
    return len(mine) * len(theirs) - sum(count * others[trace] for trace, count in ours.items())


def _neighbours(first: Group, second: Group) -> Iterator[tuple[int, Doer, Doer]]:
    """Yield new transactions of the first group with their neighbours of other traces, and the gap."""
    new = {doer.trace for doer in first.new}
    for doer, start in zip(first.doers, first.starts, strict=True):
        if doer.trace in new:
            place = bisect_left(second.starts, start)
            for other in range(max(0, place - _NEIGHBOURS), min(place + _NEIGHBOURS, len(second.doers))):
                if second.doers[other].trace != doer.trace:
                    yield abs(second.starts[other] - start), doer, second.doers[other]


def _any_of(first: Group, second: Group) -> tuple[Doer, Doer]:
    """Return a pair that is compared, of which there is one: near in time may be one trace alone."""
    for group, other_group in ((first, second), (second, first)):
        others = list({doer.trace: doer for doer in reversed(other_group.doers)}.values())[:2]
        for doer in group.new:
            for other in others:
                if other.trace != doer.trace:
                    return doer, other
    raise ValueError("no pair of these is compared")
