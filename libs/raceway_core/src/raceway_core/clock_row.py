"""Clocks of many lanes, which can be read like dicts of what they know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from raceway_core.clock_history import ClockHistory
from raceway_core.clock_replay import replayed

Positions: TypeAlias = npt.NDArray[np.int32]
"""By lane the greatest position known, 0 where nothing is."""

Integers: TypeAlias = npt.NDArray[np.int64]


class ClockRow(Mapping[int, int]):
    """A row of a matrix: the lanes that it knows of, ascending, with the greatest position known of each."""

    __slots__ = ("positions",)

    def __init__(self, positions: Positions) -> None:
        self.positions = positions

    def __getitem__(self, lane: int) -> int:
        if 0 <= lane < len(self.positions) and (position := int(self.positions[lane])):
            return position
        raise KeyError(lane)

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self.positions).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.positions))


class HistoryClock(Mapping[int, int]):
    """What a segment knows, of the news of all."""

    __slots__ = ("history", "segment")

    def __init__(self, history: ClockHistory, segment: int) -> None:
        self.history = history
        self.segment = segment

    def __getitem__(self, lane: int) -> int:
        if position := self.history.at(self.segment, lane):
            return position
        raise KeyError(lane)

    def __iter__(self) -> Iterator[int]:
        return iter(_knowledge(self)[0].tolist())

    def __len__(self) -> int:
        return self.history.sizes[self.segment]


def leading(clock: Mapping[int, int], most: int) -> list[tuple[int, int]]:
    """Return what a clock knows of the first lanes, at most so many."""
    if isinstance(clock, ClockRow):
        lanes = np.flatnonzero(clock.positions)[:most]
        return list(zip(lanes.tolist(), clock.positions[lanes].tolist(), strict=True))
    if isinstance(clock, HistoryClock):
        return clock.history.leading(clock.segment, most)
    return nsmallest(most, clock.items())


def as_dict(clock: Mapping[int, int]) -> Mapping[int, int]:
    """Return all that a clock knows, to be read often."""
    if not isinstance(clock, HistoryClock):
        return clock
    lanes, positions = _knowledge(clock)
    return dict(zip(lanes.tolist(), positions.tolist(), strict=True))


def all_known(clocks: Sequence[Mapping[int, int]]) -> tuple[Integers, Integers, Integers]:
    """Return the lanes that clocks of one kind know of, clock by clock, and the positions.

    First where those of each clock begin, and at last where they end.
    """
    if segments := _segments(clocks):
        rows, lanes, positions = segments.history.known(segments.numbers)
        order = np.argsort(rows, kind="stable")
        sizes = np.bincount(rows, minlength=len(clocks))
        return np.concatenate(([0], np.cumsum(sizes))), lanes[order], positions[order]
    known = [_knowledge(clock) for clock in clocks]
    sizes = np.fromiter((len(lanes) for lanes, _ in known), np.int64, len(known))
    lanes, positions = (np.concatenate(columns) for columns in zip(*known, strict=True))
    return np.concatenate(([0], np.cumsum(sizes))), lanes, positions


def _knowledge(clock: Mapping[int, int]) -> tuple[Integers, Integers]:
    """Return the lanes that a clock knows of, and the positions."""
    if isinstance(clock, ClockRow):
        lanes = np.flatnonzero(clock.positions)
        return lanes, clock.positions[lanes].astype(np.int64)
    if isinstance(clock, HistoryClock):
        _, lanes, positions = clock.history.known(np.array([clock.segment]))
        return lanes, positions
    return np.fromiter(clock, np.int64, len(clock)), np.fromiter(clock.values(), np.int64, len(clock))


class _Segments(NamedTuple):
    history: ClockHistory
    numbers: Integers


def _segments(clocks: Sequence[Mapping[int, int]]) -> _Segments | None:
    """Return the segments of clocks that are kept as news, None of others."""
    views = [clock for clock in clocks if isinstance(clock, HistoryClock)]
    if not views:
        return None
    return _Segments(views[0].history, np.fromiter((view.segment for view in views), np.int64, len(views)))


def dense(clocks: Sequence[Mapping[int, int]], lanes: Integers, width: int) -> Integers:
    """Return what some clocks of one kind know of `lanes`, a row per clock; there are `width` lanes."""
    rows = [clock.positions for clock in clocks if isinstance(clock, ClockRow)]
    if rows:
        known = np.zeros((len(rows), len(lanes)), dtype=np.int64)
        inside = np.flatnonzero(lanes < len(rows[0]))
        known[:, inside] = np.stack(rows)[:, lanes[inside]]
        return known
    distinct, column_of = np.unique(lanes, return_inverse=True)
    columns = np.full(width, len(distinct))
    columns[distinct] = np.arange(len(distinct))
    if segments := _segments(clocks):
        return replayed(segments.history, segments.numbers, columns)[:, column_of]
    return _filled(clocks, columns)[:, column_of]


def _filled(clocks: Sequence[Mapping[int, int]], columns: Integers) -> Integers:
    """Return what dicts know, in a column for each lane that is wanted, and one for all others."""
    sizes = [len(clock) for clock in clocks]
    column = columns[np.fromiter(chain.from_iterable(clocks), np.int64)]
    values = np.fromiter(chain.from_iterable(clock.values() for clock in clocks), np.int64)
    known = np.zeros((len(clocks), int(columns.max()) + 1), dtype=np.int64)
    known[np.repeat(np.arange(len(clocks)), sizes), column] = values
    return known
