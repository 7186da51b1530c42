"""The last entry of a run, up to one of its entries, whose writer wrote at a turn or after it.

In most histories that is the entry itself, since a session's writes come one after another; where it
is not, pointers to the nearest greater entry before are followed, twice as far at each doubling.

Source: Bender & Farach-Colton 2004, "The level ancestor problem simplified" (jump pointers).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from raceway_core.isolation.lane import Numbers
from raceway_core.isolation.run import Runs


class TurnSearch:
    """`highest` is by entry the last turn of its run up to it."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        run = np.repeat(np.arange(len(runs.start)), runs.end - runs.start)
        span = int(runs.turn.max(initial=0)) + 1
        self.highest = np.maximum.accumulate(run * span + runs.turn) - run * span

    def last_newer(self, entries: Numbers, turns: Numbers) -> Numbers:
        """Return the last entry up to each of `entries` with `turns` or more; its run has one.

        Time: O(entries · log run).
        """
        turn = self._runs.turn
        if not np.any(turn[entries] < turns):
            return entries
        for jump in reversed(self._jumps):
            entries = np.where(turn[jump[entries]] < turns, jump[entries], entries)
        return np.where(turn[entries] < turns, self._jumps[0][entries], entries)

    @cached_property
    def _jumps(self) -> list[Numbers]:
        """By doubling and entry: the entry that so many steps to the nearest greater one lead to."""
        jumps = [self._greater_before()]
        while np.any((further := jumps[-1][jumps[-1]]) != jumps[-1]):
            jumps.append(further)
        return jumps

    def _greater_before(self) -> Numbers:
        turn = self._runs.turn.tolist()
        nearest = list(range(len(turn)))
        for start, end in zip(self._runs.start.tolist(), self._runs.end.tolist(), strict=True):
            rising: list[int] = []
            for entry in range(start, end):
                while rising and turn[rising[-1]] <= turn[entry]:
                    rising.pop()
                if rising:
                    nearest[entry] = rising[-1]
                rising.append(entry)
        return np.array(nearest, dtype=np.int64)
