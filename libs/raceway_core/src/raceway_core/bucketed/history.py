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

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import ENOUGH, judge
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.bucket import Bucket, family_of
from raceway_core.measured import Operation

MOST_AROUND = 12
"""How many buckets before or after one may matter to it."""

_HALF_DAY = 72


def anchor_of(number: int) -> int:
    """Return the first bucket that counts for what is known before bucket `number`."""
    return (number // _HALF_DAY - 1) * _HALF_DAY


class _Level:
    """What one operation took, bucket by bucket."""

    def __init__(self) -> None:
        self._settled = Sketch()
        self._pending = Sketch()

    def learn(self, counts: Mapping[int, int]) -> None:
        self._pending.count(counts)
        if self._pending.total < ENOUGH:
            return
        if judge(self._settled, round(value_of(self._pending.median()))):
            self._settled = Sketch()
        self._settled.merge(self._pending)
        self._pending = Sketch()

    def known(self) -> Sketch:
        sketch = self._settled.copy()
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


class _Walk:
    """Learns the buckets of a family from an anchor on. Each is learnt once, if asked for later and later."""

    def __init__(self, history: History, anchor: int) -> None:
        self._history = history
        self._levels: defaultdict[Operation, _Level] = defaultdict(_Level)
        self._calls = self._errors = 0
        self._first = anchor + _HALF_DAY
        self.reached = anchor

    def to(self, number: int) -> Iterator[tuple[int, Known]]:
        """Yield what was known before the last buckets up to `number`, of which more may be asked.

        What the history knows already is left out.
        """
        numbers = self._history.numbers
        for each in numbers[bisect_left(numbers, self.reached) : bisect_left(numbers, number)]:
            if each >= max(number - MOST_AROUND, self._first) and not self._history.knows(each):
                yield each, self._known()
            for bucket in self._history.at(each):
                self._levels[bucket.operation].learn(bucket.counts)
                calls = sum(bucket.counts.values())
                self._calls += calls
                self._errors += calls * is_error(bucket.operation.status)
        self.reached = number
        yield number, self._known()

    def _known(self) -> Known:
        sketches = {operation: level.known() for operation, level in self._levels.items()}
        return Known(sketches, self._calls, self._errors)


class History:
    """The buckets of one family, none of them empty. What was once asked is remembered.

    So a history may be kept in step with a store (`put`, `drop`) for less than it costs to begin anew.
    """

    def __init__(self, buckets: Iterable[Bucket]) -> None:
        self._buckets: defaultdict[int, list[Bucket]] = defaultdict(list)
        for bucket in buckets:
            self._buckets[bucket.number].append(bucket)
        self.numbers: Sequence[int] = sorted(self._buckets)
        self._known: dict[int, Known] = {}
        self._walks: dict[int, _Walk] = {}

    def buckets(self) -> Iterator[Bucket]:
        """Yield all buckets, earliest first."""
        for number in self.numbers:
            yield from self.at(number)

    def within(self, first: int, last: int) -> Sequence[int]:
        """Return which of the buckets `first..last` have calls."""
        return self.numbers[bisect_left(self.numbers, first) : bisect_right(self.numbers, last)]

    def put(self, bucket: Bucket) -> None:
        """Replace a bucket of one operation; take it out if it is empty now.

        What was known before this bucket began, and before earlier ones, is remembered still.
        """
        number = bucket.number
        found = [other for other in self.at(number) if other.operation != bucket.operation]
        self._keep(number, [*found, bucket] if bucket.counts else found)
        self._known = {each: known for each, known in self._known.items() if each <= number}
        self._walks = {anchor: walk for anchor, walk in self._walks.items() if walk.reached <= number}

    def drop(self, *, before: int) -> None:
        """Take out the buckets before one. Nothing may be asked any more that rests on them."""
        for number in [each for each in self.numbers if each < before]:
            self._keep(number, [])

    def settle(self) -> None:
        """Remember only what is needed to judge the last buckets again: the rest takes much memory."""
        least = self.numbers[-1] - MOST_AROUND if self.numbers else 0
        self._known = {each: known for each, known in self._known.items() if each >= least}
        newest = max(self._walks, default=0)
        self._walks = {anchor: walk for anchor, walk in self._walks.items() if anchor == newest}

    def _keep(self, number: int, buckets: list[Bucket]) -> None:
        if buckets:
            self._buckets[number] = buckets
        else:
            self._buckets.pop(number, None)
        if (number in self._buckets) != (number in self.numbers):
            self.numbers = sorted(self._buckets)

    def at(self, number: int) -> Sequence[Bucket]:
        """Return what ended in a bucket."""
        return self._buckets.get(number, ())

    def size(self, number: int) -> int:
        """Return how many calls ended in a bucket."""
        return sum(sum(bucket.counts.values()) for bucket in self.at(number))

    def knows(self, number: int) -> bool:
        """Return whether `before` remembers the answer."""
        return number in self._known

    def before(self, number: int) -> Known:
        """Return what was known when a bucket began.

        Time: O(cells) of all buckets from the anchor on; asked in order, of all numbers together.
        """
        if number not in self._known:
            self._known.update(self._walk_to(number).to(number))
        return self._known[number]

    def _walk_to(self, number: int) -> _Walk:
        anchor = anchor_of(number)
        walk = self._walks.get(anchor)
        if walk is None or walk.reached > number:
            walk = self._walks[anchor] = _Walk(self, anchor)
        return walk


def histories(buckets: Iterable[Bucket]) -> dict[Operation, History]:
    """Return the history of each family."""
    by_family: defaultdict[Operation, list[Bucket]] = defaultdict(list)
    for bucket in buckets:
        by_family[family_of(bucket.operation)].append(bucket)
    return {family: History(found) for family, found in sorted(by_family.items())}
