"""A baseline: how long one operation took lately, learnt measurement by measurement.

It covers the last week of event time, hour by hour; an hour is forgotten whole. A duration is
judged before it teaches. When more than half of the last 20 were anomalous, the level may have shifted:
where they became frequent the last 20 are cut, and if the median of those after the cut is anomalous by
what was known before it, that is what is normal now. Then the baseline starts afresh from the cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from raceway_core.baseline.rule import ENOUGH, Judgement, judge
from raceway_core.baseline.sketch import Sketch, bucket_of, value_of

RECENT = ENOUGH

_PERIOD_NS = 3_600_000_000_000
_KEPT_PERIODS = 7 * 24
_MEMORY = 10 * RECENT


class Shift(NamedTuple):
    """A new level. `members` are the anomalies of which it is made, oldest first."""

    judgement: Judgement
    level_ns: int
    members: tuple[int, ...]


class _Recent(NamedTuple):
    number: int
    period: int
    bucket: int
    is_anomalous: bool


class Baseline:
    """See the module. Times must not decrease; each measurement is judged, then learnt.

    What `known` holds was learnt before, and is not forgotten.

    `level_before_ns` is for a while after a shift the median of before, else None.
    """

    def __init__(self, known: Sketch | None = None) -> None:
        self.sketch = Sketch(known.counts if known else None)
        self.level_before_ns: float | None = None
        self._periods: dict[int, Sketch] = {}
        self._recent: deque[_Recent] = deque(maxlen=RECENT)

    def judge(self, at_ns: int, duration_ns: int, *, both_sides: bool) -> Judgement | None:
        """Return what is wrong with a duration, judged by all that was learnt and is not forgotten."""
        period = at_ns // _PERIOD_NS
        if period not in self._periods:
            self._forget(period - _KEPT_PERIODS)
        return judge(self.sketch, duration_ns, both_sides=both_sides)

    def learn(self, number: int, at_ns: int, duration_ns: int, *, is_anomalous: bool) -> None:
        """Count a measurement, of which `number` is the reader's name. Time: O(1) amortized."""
        period, bucket = at_ns // _PERIOD_NS, bucket_of(duration_ns)
        self._count(_Recent(number, period, bucket, is_anomalous))
        if self.sketch.total >= _MEMORY:
            self.level_before_ns = None

    def shift(self, *, both_sides: bool) -> Shift | None:
        """Return the shift that the last measurements are, and start afresh with them; None if none.

        Time: O(1) where the last one was normal, else O(buckets within the deviation).
        """
        recents = list(self._recent)
        if not recents[-1].is_anomalous or 2 * sum(recent.is_anomalous for recent in recents) <= RECENT:
            return None
        new = recents[_cut(recents) :]
        level_ns = round(value_of(sorted(recent.bucket for recent in new)[len(new) // 2]))
        judgement = judge(self._without(new), level_ns, both_sides=both_sides)
        if judgement is None:
            return None
        self.level_before_ns = min(judgement.expected_ns, level_ns)
        self._restart(new)
        return Shift(judgement, level_ns, tuple(recent.number for recent in new if recent.is_anomalous))

    def _count(self, recent: _Recent) -> None:
        self.sketch.add(recent.bucket)
        self._periods.setdefault(recent.period, Sketch()).add(recent.bucket)
        self._recent.append(recent)

    def _forget(self, period: int) -> None:
        for old in [known for known in self._periods if known <= period]:
            self.sketch.remove(self._periods.pop(old))

    def _without(self, new: Iterable[_Recent]) -> Sketch:
        before = Sketch(self.sketch.counts)
        for recent in new:
            if recent.period in self._periods:
                before.add(recent.bucket, -1)
        return before

    def _restart(self, new: Iterable[_Recent]) -> None:
        """Forget all but what is new."""
        self.sketch, self._periods = Sketch(), {}
        self._recent.clear()
        for recent in new:
            self._count(recent._replace(is_anomalous=False))


def _cut(recents: Sequence[_Recent]) -> int:
    """Return the earliest index from which on there are most anomalous ones in excess of the others."""
    excesses = accumulate(1 if recent.is_anomalous else -1 for recent in reversed(recents))
    _, cut = max((excess, count) for count, excess in enumerate(excesses, start=1))
    return len(recents) - cut
