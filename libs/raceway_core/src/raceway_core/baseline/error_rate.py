"""Error rates: whether an operation fails more often than it did.

The last 20 calls are compared with all calls before them, once there are 20 of these too. The
arcsine makes the spread of a rate independent of the rate, as the logarithm does for durations:

    r = (2·asin √p − 2·asin √q) / √(1/20 + 1/n)

for a rate p of the last 20 and q of the n before. It is anomalous iff r ≥ 2.5, at least 3 of the 20
failed, and p exceeds q by a half and by 5 points; critical from r = 4. From where that begins to
where it is over is one episode.

Source: Freeman and Tukey 1950, "Transformations related to the angular and the square root".
"""

from __future__ import annotations

from collections import deque
from math import asin, sqrt
from typing import NamedTuple

from raceway_core.baseline.rule import ENOUGH, severity_of
from raceway_core.finding import Severity

_LEAST_FAILURES = 3
_LEAST_RATIO = 1.5
_LEAST_DIFFERENCE = 0.05


class RateJudgement(NamedTuple):
    """A rate of errors that is not normal. `is_new`: with this call it begins."""

    is_new: bool
    rate: float
    expected_rate: float
    score: float
    severity: Severity


class ErrorRate:
    """How often the calls of one operation fail, in the order of time; `calls` were before, with `errors`."""

    def __init__(self, calls: int = 0, errors: int = 0) -> None:
        self._calls = calls
        self._errors = errors
        self._recent: deque[bool] = deque()
        self._is_high = False

    def learn(self, *, is_error: bool) -> RateJudgement | None:
        """Count a call; return what is wrong with the last calls. Time: O(1)."""
        self._recent.append(is_error)
        if len(self._recent) > ENOUGH:
            self._calls += 1
            self._errors += self._recent.popleft()
        if self._calls < ENOUGH or not (is_error or self._is_high):
            return None
        judgement = self._judge()
        self._is_high = judgement is not None
        return judgement

    def _judge(self) -> RateJudgement | None:
        failures, calls = sum(self._recent), len(self._recent)
        judgement = judge_rate(failures, calls, self._errors, self._calls)
        return judgement and judgement._replace(is_new=not self._is_high)


def judge_rate(failures: int, calls: int, errors_before: int, calls_before: int) -> RateJudgement | None:
    """Return what is wrong with so many failures of so many calls, given those before; None if nothing."""
    if min(calls, calls_before) < ENOUGH:
        return None
    rate, expected = failures / calls, errors_before / calls_before
    too_few = failures < _LEAST_FAILURES or rate - expected <= _LEAST_DIFFERENCE
    if too_few or rate <= _LEAST_RATIO * expected:
        return None
    score = 2 * (asin(sqrt(rate)) - asin(sqrt(expected))) / sqrt(1 / calls + 1 / calls_before)
    severity = severity_of(score)
    return severity and RateJudgement(
        is_new=True, rate=rate, expected_rate=expected, score=score, severity=severity
    )
