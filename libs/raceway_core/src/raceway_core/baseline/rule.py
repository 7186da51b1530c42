"""The rule: when a duration is not normal, given how long the operation took before.

Durations are skewed to the right and their outliers are what is looked for, so neither the mean nor
the standard deviation will do: the score is robust and on a logarithmic scale,

    r = (ln x − median) / max(1.4826 · MAD, 0.05)

where 1.4826 makes the MAD of a normal distribution its standard deviation, and 0.05 keeps an operation
that always took the same from finding 5 % remarkable. A duration is anomalous iff at least 20 were
seen, r ≥ 2.5, x is more than 1.5 times the median, and by more than 1 ms; from r = 4 it is critical.

Source: Iglewicz and Hoaglin 1993, "How to detect and handle outliers" (the modified z-score).
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.finding import Severity

ENOUGH = 20
"""With fewer samples than this there is no baseline."""

WARNING, CRITICAL = 2.5, 4.0
_LEAST_SPREAD = 0.05
_MAD_TO_SIGMA = 1.4826
_LEAST_RATIO = 1.5
_LEAST_DIFFERENCE_NS = 1_000_000


class Judgement(NamedTuple):
    """A duration that is not normal. The score is negative where it is too short."""

    expected_ns: float
    spread: float
    score: float
    severity: Severity


def severity_of(score: float) -> Severity | None:
    """Return how bad a score is, None where it is normal."""
    if abs(score) < WARNING:
        return None
    return Severity.CRITICAL if abs(score) >= CRITICAL else Severity.WARNING


def judge(sketch: Sketch, duration_ns: int, *, both_sides: bool = False) -> Judgement | None:
    """Return what is wrong with a duration, None where nothing is or too little is known.

    Time: O(1) for most normal durations, else O(buckets within the deviation).
    """
    if sketch.total < ENOUGH:
        return None
    expected_ns = value_of(sketch.median())
    is_asked_for = both_sides or duration_ns > expected_ns
    if not is_asked_for or not _is_far(duration_ns, expected_ns):
        return None
    spread = max(_MAD_TO_SIGMA * sketch.log_deviation(), _LEAST_SPREAD)
    return _judgement(duration_ns, expected_ns, spread)


def remains_anomalous(judgement: Judgement, duration_ns: int) -> bool:
    """Whether the operation would have been judged too slow, had it taken `duration_ns`."""
    expected_ns, spread = judgement.expected_ns, judgement.spread
    is_slower = duration_ns > expected_ns and _is_far(duration_ns, expected_ns)
    return is_slower and _judgement(duration_ns, expected_ns, spread) is not None


def _is_far(duration_ns: int, expected_ns: float) -> bool:
    longer, shorter = max(duration_ns, expected_ns), min(duration_ns, expected_ns)
    return longer > _LEAST_RATIO * shorter and longer - shorter > _LEAST_DIFFERENCE_NS


def _judgement(duration_ns: int, expected_ns: float, spread: float) -> Judgement | None:
    score = log(max(duration_ns, 1) / expected_ns) / spread
    severity = severity_of(score)
    return severity and Judgement(expected_ns, spread, score, severity)
