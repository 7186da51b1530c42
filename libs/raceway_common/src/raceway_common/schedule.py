"""When the analysis of a trace or a run is due.

Data is due once it has been quiet for a while: most traces are then finished, and are analyzed once.
Some are not: a job that records a batch every second rests between any two, and a run is never
finished before its span is over. So that each touch does not cost the analysis of everything, data
must rest the longer the more of it there is, unless it grew by the factor; and for as long as any
data must, once all its analyses have read several times what there is and a free allowance is used
up. So all analyses of data that is touched more often than that cost no more than a few times the
last one, at whatever pace it comes.
Data that never rests is due once it has grown by a factor and some time has passed, whichever is
later; as it must grow by that factor each time, all analyses before the last one together cost no
more than `growth / (growth - 1)` times the last one.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How eagerly to analyze. `quiet_ns` should exceed the spread of a trace's pieces.

    `patience_ns` is rest beyond that for each unit that the last result saw, from `PATIENT_FROM` on
    and up to `most_patience_ns`: little data costs little. An event of a large trace is analyzed in
    about 7,000 ns, so that a trace which is touched for ever takes a small part of a core.
    `free_size` may be read besides `SPENT` times the size before only growth or the longest rest
    counts: less than a second's work, so that a small trace is fresh while it grows.
    """

    quiet_ns: int = 400_000_000
    patience_ns: int = 200_000
    most_patience_ns: int = 10_000_000_000
    free_size: int = 100_000
    growth: float = 1.5
    least_ns: int = 1_500_000_000

    @property
    def for_runs(self) -> Pace:
        """The pace of runs where this is that of traces, which were quiet before a run heard of them."""
        return msgspec.structs.replace(
            self,
            quiet_ns=self.quiet_ns // 8,
            patience_ns=self.quiet_ns,
            most_patience_ns=self.most_patience_ns // 2,
        )


PACE = Pace()

PATIENT_FROM = 4

SPENT = 2
"""So many times the size may have been read before the result that is due: growth alone reads as much."""


class Progress(NamedTuple):
    """How far data has come since its last result.

    `size` is what there is now, `done_size` what the last result saw (0 without one); `since_ns` is
    when that result came (without one: the data), `touched_ns` when the data last grew. `spent_size`
    is what all results so far have read.
    """

    size: int
    done_size: int
    since_ns: int
    touched_ns: int
    spent_size: int = 0

    def patience_ns(self, pace: Pace) -> int:
        """Return the rest that is asked for beyond `quiet_ns`."""
        if self.spent_size > SPENT * self.size + pace.free_size:
            return pace.most_patience_ns
        units = max(self.done_size - PATIENT_FROM, 0)
        return min(units * pace.patience_ns, pace.most_patience_ns)


def due_ns(progress: Progress, pace: Pace = PACE) -> int:
    """Return when data that is ahead of its result should be analyzed; possibly in the past."""
    rested_ns = progress.touched_ns + pace.quiet_ns + progress.patience_ns(pace)
    if progress.size < pace.growth * progress.done_size:
        return rested_ns
    grown_ns = max(progress.touched_ns, progress.since_ns + pace.least_ns)
    return min(rested_ns, grown_ns)
