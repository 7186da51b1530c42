"""How an operation does: what it took lately, against what it took before.

Lately is the last buckets in which it was called, as many as hold 20 calls; with fewer calls there
is nothing to compare. What the verdict on the last bucket says of a new level, or of more failures, counts
too: an operation may be known for less than a bucket.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from raceway_core.baseline.error_rate import judge_rate
from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import ENOUGH, judge
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.history import MOST_AROUND, History, Known
from raceway_core.bucketed.verdict import Verdict
from raceway_core.measured import Operation


class Standing(Enum):
    """What is to be said of an operation, the worst last."""

    INSUFFICIENT_DATA = "insufficient_data"
    NORMAL = "normal"
    SLOWER = "slower"
    FAILING = "failing"


_ORDER = tuple(Standing)


class State(msgspec.Struct, frozen=True):
    """`before` has what it took before, of the status class that most of the last calls ended with."""

    standing: Standing
    calls: int
    errors: int
    before: Sketch

    @property
    def error_rate(self) -> float:
        """The share of the last calls that failed."""
        return self.errors / self.calls if self.calls else 0.0


def state_of(history: History, verdict: Verdict, last: int) -> State:
    """Return how a family did in its bucket `last`, on which `verdict` is.

    Time: O(cells of its buckets).
    """
    start = _start(history, last)
    sketches: dict[Operation, Sketch] = {}
    for number in history.within(start, last):
        for bucket in history.at(number):
            sketches.setdefault(bucket.operation, Sketch()).count(bucket.counts)
    known = history.before(start)
    calls = sum(sketch.total for sketch in sketches.values())
    errors = sum(sketch.total for operation, sketch in sketches.items() if is_error(operation.status))
    most = max(sketches, key=lambda operation: (sketches[operation].total, operation))
    standing = max(_told(verdict), _compared(known, sketches, calls, errors), key=_ORDER.index)
    return State(standing, calls, errors, known.sketch(most))


def _start(history: History, last: int) -> int:
    """Return the first of the buckets up to `last` that hold enough calls."""
    start, seen = last, 0
    for number in reversed(history.within(last - MOST_AROUND, last)):
        if seen >= ENOUGH:
            break
        start, seen = number, seen + history.size(number)
    return start


def _told(verdict: Verdict) -> Standing:
    if verdict.failing:
        return Standing.FAILING
    is_slower = any(crowd.is_shift for crowd in verdict.crowds)
    return Standing.SLOWER if is_slower else Standing.INSUFFICIENT_DATA


def _compared(known: Known, sketches: dict[Operation, Sketch], calls: int, errors: int) -> Standing:
    if judge_rate(errors, calls, known.errors, known.calls):
        return Standing.FAILING
    comparable = [
        (known.sketch(operation), sketch)
        for operation, sketch in sketches.items()
        if sketch.total >= ENOUGH and known.sketch(operation).total >= ENOUGH
    ]
    if any(judge(before, round(value_of(sketch.median()))) for before, sketch in comparable):
        return Standing.SLOWER
    return Standing.NORMAL if comparable else Standing.INSUFFICIENT_DATA
