"""What is known of an operation before a moment, from buckets of its calls.

A server cannot fold all calls of a week in order for each question. It judges a call by two things:

    |···············|···············|····|····|····|· ·××|
     an earlier half  this half day   buckets   its own bucket, call by call
    └────────────── whole buckets, as sums ─┘

- the buckets before, from the beginning of the previous half day (UTC) on, each learnt as a whole;
- the calls before it in its own bucket and in those just before it, each judged and then learnt, if
  there are few; of a bucket with many calls the sums say enough.

Both follow from the set of calls alone. When the median of a bucket is anomalous by those before it,
the level has shifted, and what is known starts afresh with that bucket; buckets of few calls are
taken together until there are enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from raceway_core.baseline.measured import Operation
from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import ENOUGH, judge
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.bucket import Bucket, family_of

_HALF_DAY = 72


def anchor_of(number: int) -> int:
    """Return the first bucket that counts for what is known before bucket `number`."""
    return (number // _HALF_DAY - 1) * _HALF_DAY


class _Level:
    """What one operation took, bucket by bucket."""

    def __init__(self) -> None:
        self._settled = Sketch()
        self._pending = Sketch()

    def learn(self, sketch: Sketch) -> None:
        self._pending.merge(sketch)
        if self._pending.total < ENOUGH:
            return
        if judge(self._settled, round(value_of(self._pending.median()))):
            self._settled = Sketch()
        self._settled.merge(self._pending)
        self._pending = Sketch()

    def known(self) -> Sketch:
        sketch = Sketch(self._settled.counts)
        sketch.merge(self._pending)
        return sketch


class Known:
    """What is known of one family before a bucket: durations by operation, and how many calls failed."""

    def __init__(self, sketches: Mapping[Operation, Sketch], calls: int, errors: int) -> None:
        self.sketches = sketches
        self.calls = calls
        self.errors = errors

    def sketch(self, operation: Operation) -> Sketch:
        """Return the durations of an operation, none of an unknown one."""
        return self.sketches.get(operation) or Sketch()


class History:
    """The buckets of one family. `before` takes `Time: O(cells)` of all buckets before, once each."""

    def __init__(self, buckets: Iterable[Bucket]) -> None:
        self._buckets: defaultdict[int, list[Bucket]] = defaultdict(list)
        for bucket in buckets:
            self._buckets[bucket.number].append(bucket)
        self.numbers: Sequence[int] = sorted(self._buckets)
        self._known: dict[int, Known] = {}

    def at(self, number: int) -> Sequence[Bucket]:
        """Return what ended in a bucket."""
        return self._buckets.get(number, ())

    def size(self, number: int) -> int:
        """Return how many calls ended in a bucket."""
        return sum(sum(bucket.counts.values()) for bucket in self.at(number))

    def before(self, number: int) -> Known:
        """Return what was known when a bucket began."""
        if number not in self._known:
            self._walk(anchor_of(number))
        return self._known[number]

    def _walk(self, anchor: int) -> None:
        """Find out what was known before each bucket of the half day after that of `anchor`."""
        levels: defaultdict[Operation, _Level] = defaultdict(_Level)
        calls = errors = 0
        first, end = anchor + _HALF_DAY, anchor + 2 * _HALF_DAY
        for number in (each for each in self.numbers if anchor <= each < end):
            if number >= first:
                sketches = {operation: level.known() for operation, level in levels.items()}
                self._known[number] = Known(sketches, calls, errors)
            for bucket in self.at(number):
                sketch = bucket.sketch
                levels[bucket.operation].learn(sketch)
                calls += sketch.total
                errors += sketch.total * is_error(bucket.operation.status)


def histories(buckets: Iterable[Bucket]) -> dict[Operation, History]:
    """Return the history of each family."""
    by_family: defaultdict[Operation, list[Bucket]] = defaultdict(list)
    for bucket in buckets:
        by_family[family_of(bucket.operation)].append(bucket)
    return {family: History(found) for family, found in sorted(by_family.items())}
