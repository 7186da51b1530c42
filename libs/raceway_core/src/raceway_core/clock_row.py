"""A clock of many lanes: a row of a matrix, which can be read like a dict of what it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import nsmallest
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.int32]
"""By lane the greatest position known, 0 where nothing is."""


class ClockRow(Mapping[int, int]):
    """The lanes that a row knows of, ascending, with the greatest position known of each."""

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


def leading(clock: Mapping[int, int], most: int) -> list[tuple[int, int]]:
    """Return what a clock knows of the first lanes, at most so many."""
    if not isinstance(clock, ClockRow):
        return nsmallest(most, clock.items())
    lanes = np.flatnonzero(clock.positions)[:most]
    return list(zip(lanes.tolist(), clock.positions[lanes].tolist(), strict=True))


def knowledge(clock: Mapping[int, int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the lanes that a clock knows of, and the positions."""
    if isinstance(clock, ClockRow):
        lanes = np.flatnonzero(clock.positions)
        return lanes, clock.positions[lanes].astype(np.int64)
    return np.fromiter(clock, np.int64, len(clock)), np.fromiter(clock.values(), np.int64, len(clock))
