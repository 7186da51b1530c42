"""Schedules: a trace as steps that wait for other steps, to be run again with other durations.

A step happens a *lag* after the last of its causes. The lag belongs to an operation, which is said to
have worked, or waited for something outside of the trace, for so long. What a step waited for its
other causes is no lag: it shrinks or grows when they do. Two passes answer everything:

    forwards    when each step happens, given the lags
    backwards   how late each could happen without delaying an end, which is its slack

Source: Kelley and Walker 1959, "Critical-path planning and scheduling" (CPM).
"""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.graph.event_table import NONE


class Schedule:
    """Steps, numbered so that causes come first.

    `owners[k]` is the event whose operation took the lag of step k, or NONE; `last_step` has by event
    the step that ends it. `ends` are pairs of steps, where a critical path begins and where it ends.
    """

    def __init__(self) -> None:
        self.causes: list[tuple[int, ...]] = []
        self.lags_ns: list[int] = []
        self.owners: list[int] = []
        self.ends: list[tuple[int, int]] = []
        self.last_step: dict[int, int] = {}
        self._stamps: list[int] = []

    @property
    def has_joins(self) -> bool:
        """Whether any step waits for more than one."""
        return any(len(causes) > 1 for causes in self.causes)

    def add(self, stamp_ns: int, causes: tuple[int, ...], owner: int) -> int:
        """Add a step that was seen at `stamp_ns`; one without causes happens then in any case.

        A stamp before that of a cause is one of another clock: then there is no lag.
        """
        arrived = max([self._stamps[cause] for cause in causes], default=0)
        self.causes.append(causes)
        self.lags_ns.append(max(0, stamp_ns - arrived) if causes else stamp_ns)
        self.owners.append(owner)
        self._stamps.append(stamp_ns)
        return len(self.causes) - 1

    def join(self, first: int, second: int) -> int:
        """Add a step that happens when both have, which nobody saw."""
        return self.add(max(self._stamps[first], self._stamps[second]), (first, second), NONE)

    def times_ns(self, lags_ns: Sequence[int] | None = None) -> list[int]:
        """Return when each step happens, with other lags if given. Time: O(steps and their causes)."""
        times: list[int] = []
        for causes, lag_ns in zip(self.causes, lags_ns or self.lags_ns, strict=True):
            if len(causes) == 1:
                times.append(times[causes[0]] + lag_ns)
            else:
                times.append(max([times[cause] for cause in causes], default=0) + lag_ns)
        return times

    def slacks_ns(self) -> list[int | None]:
        """Return by how much each step could be late and delay no end; None: it never delays one.

        Time: O(steps and their causes).
        """
        times = self.times_ns()
        latest: list[int | None] = [None] * len(times)
        for _, end in self.ends:
            latest[end] = times[end]
        for step in range(len(times) - 1, -1, -1):
            time_ns = latest[step]
            if time_ns is not None:
                for cause in self.causes[step]:
                    known, bound = latest[cause], time_ns - self.lags_ns[step]
                    latest[cause] = bound if known is None else min(known, bound)
        return [None if late is None else late - time for late, time in zip(latest, times, strict=True)]
