"""How closely a bucket is looked at: by its sums, or call by call.

Most buckets of a known operation hold nothing remarkable, and their sums say so. Call by call is
looked where the sums leave a question: of operations of which little is known yet, and where
something was slow or failed more often. Then the calls just before the bucket are read too, so that a
shift over its edge is seen whole. A bucket of very many calls is judged by its sums all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from math import exp
from typing import NamedTuple

from raceway_core.baseline.baseline import RECENT
from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import ENOUGH, judge
from raceway_core.baseline.sketch import LOG_GAMMA, Sketch, value_of
from raceway_core.bucketed.bucket import Bucket, CallQuery
from raceway_core.bucketed.history import MOST_AROUND, History, Known

MOST_SINGLE = 10
"""With more slow calls in a bucket that is judged by its sums, these are told together."""

_MOST_CALLS = 1_000
_MOST_READ = 3 * _MOST_CALLS
_MATURE = 2 * RECENT
_LEAST_FAILURES = 3


class Closeness(Enum):
    """What is read of a bucket."""

    NOTHING = "nothing"
    CALLS = "calls"
    SUMS = "sums"


class Look(NamedTuple):
    """How bucket `number` of a family is looked at; for `CALLS` the calls from bucket `start` on."""

    history: History
    number: int
    closeness: Closeness
    start: int
    queries: Sequence[CallQuery]


def look_at(history: History, number: int) -> Look:
    """Return how to look at a bucket that has calls."""
    known = history.before(number)
    if history.size(number) > _MOST_CALLS:
        queries = [query for bucket in history.at(number) for query in _slow(known, bucket)]
        return Look(history, number, Closeness.SUMS, number, [*queries, *_failures(history, number)])
    if not _is_remarkable(history, known, number):
        return Look(history, number, Closeness.NOTHING, number, ())
    start = _start(history, number)
    operations = {bucket.operation for each in range(start, number + 1) for bucket in history.at(each)}
    queries = [CallQuery(operation, start, number, _MOST_READ) for operation in sorted(operations)]
    return Look(history, number, Closeness.CALLS, start, queries)


def looks_at(history: History, numbers: Iterable[int]) -> list[Look]:
    """Return how to look at each of the buckets that has calls."""
    return [look_at(history, number) for number in sorted(set(numbers)) if history.at(number)]


def after(history: History, number: int) -> Sequence[int]:
    """Return the buckets after one in which a shift may be seen that began in it."""
    found: list[int] = []
    seen = 0
    for each in (each for each in history.numbers if number < each <= number + MOST_AROUND):
        if seen >= RECENT:
            break
        found.append(each)
        seen += history.size(each)
    return found


def basis_of(known: Known, bucket: Bucket) -> Sketch:
    """Return what the calls of a large bucket are judged by: what was before, else the bucket itself."""
    sketch = known.sketch(bucket.operation)
    return sketch if sketch.total >= ENOUGH else bucket.sketch


def slow_cells(basis: Sketch, bucket: Bucket) -> list[int]:
    """Return the cells of a bucket whose calls are anomalous, the longest first."""
    found = []
    for cell in sorted(bucket.counts, reverse=True):
        if judge(basis, round(value_of(cell))) is None:
            break
        found.append(cell)
    return found


def _slow(known: Known, bucket: Bucket) -> list[CallQuery]:
    cells = slow_cells(basis_of(known, bucket), bucket)
    if not cells:
        return []
    is_crowd = sum(bucket.counts[cell] for cell in cells) > MOST_SINGLE
    least = cells[0] if is_crowd else cells[-1]
    most = 1 if is_crowd else MOST_SINGLE
    return [CallQuery(bucket.operation, bucket.number, bucket.number, most, _shortest_ns(least))]


def _shortest_ns(cell: int) -> int:
    return int(exp((cell - 1) * LOG_GAMMA))


def _failures(history: History, number: int) -> list[CallQuery]:
    failed = [bucket.operation for bucket in history.at(number) if is_error(bucket.operation.status)]
    return [CallQuery(operation, number, number, 1) for operation in sorted(failed)[:1]]


def _is_remarkable(history: History, known: Known, number: int) -> bool:
    buckets = history.at(number)
    return any(_may_be_slow(known, bucket) for bucket in buckets) or _may_fail_more(history, known, number)


def _may_be_slow(known: Known, bucket: Bucket) -> bool:
    before, calls = known.sketch(bucket.operation), sum(bucket.counts.values())
    if before.total < max(calls, _MATURE):
        return before.total + calls > ENOUGH
    return judge(before, round(value_of(max(bucket.counts)))) is not None


def _may_fail_more(history: History, known: Known, number: int) -> bool:
    failures = sum(
        sum(bucket.counts.values()) for bucket in history.at(number) if is_error(bucket.operation.status)
    )
    is_young = known.calls < _MATURE
    return failures >= _LEAST_FAILURES and (
        is_young or failures * known.calls > known.errors * history.size(number)
    )


def _start(history: History, number: int) -> int:
    """Return from which bucket on calls are read for bucket `number`."""
    start, seen = number, 0
    for each in reversed([each for each in history.numbers if number - MOST_AROUND <= each < number]):
        size = history.size(each)
        if seen >= 2 * RECENT or size > _MOST_CALLS:
            break
        start, seen = each, seen + size
    return start
