"""The rule for durations: each of its conditions decides alone, and on a lognormal it is μ + 2.5 σ."""

from __future__ import annotations

from math import exp
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.baseline.rule import judge, remains_anomalous
from raceway_core.baseline.sketch import LOG_GAMMA, Sketch, bucket_of
from raceway_core.finding import Severity

MS = 1_000_000


def steady(duration_ns: int, samples: int) -> Sketch:
    return Sketch({bucket_of(duration_ns): samples})


@pytest.mark.parametrize(
    ("samples", "usual_ms", "took_ms", "severity"),
    [
        pytest.param(20, 10, 20, Severity.CRITICAL, id="twice as long"),
        pytest.param(19, 10, 500, None, id="19 samples are too few"),
        pytest.param(20, 10, 14, None, id="1.4 times is not enough"),
        pytest.param(20, 10, 16, Severity.CRITICAL, id="1.6 times is"),
        pytest.param(20, 0.5, 1.4, None, id="less than 1 ms longer"),
        pytest.param(20, 0.5, 1.6, Severity.CRITICAL, id="more than 1 ms longer"),
        pytest.param(20, 100, 10, None, id="faster"),
        pytest.param(20, 0, 5, Severity.CRITICAL, id="took no time before"),
        pytest.param(20, 10, 0, None, id="takes no time now"),
    ],
)
def test_each_condition(samples: int, usual_ms: float, took_ms: float, severity: Severity | None) -> None:
    judgement = judge(steady(round(usual_ms * MS), samples), round(took_ms * MS))
    assert (judgement and judgement.severity) is severity


def test_the_fast_side_is_judged_where_asked_for() -> None:
    judgement = judge(steady(100 * MS, 20), 10 * MS, both_sides=True)
    assert judgement is not None
    assert judgement.score < -4
    assert judgement.severity is Severity.CRITICAL


@given(st.floats(18, 22), st.floats(0.2, 0.8), st.floats(-1, 8))
def test_on_a_lognormal_the_score_is_the_distance_in_deviations(mu: float, sigma: float, z: float) -> None:
    quantile = NormalDist(mu, sigma).inv_cdf
    sketch = Sketch()
    for k in range(500):
        sketch.add(bucket_of(round(exp(quantile((k + 0.5) / 500)))))
    judgement = judge(sketch, round(exp(mu + z * sigma)))
    tolerance = (1 + abs(z)) * 3 * LOG_GAMMA / sigma
    if judgement is not None:
        assert judgement.score == pytest.approx(z, abs=tolerance)
        assert judgement.severity is (Severity.CRITICAL if judgement.score >= 4 else Severity.WARNING)
        assert z >= 2.5 - tolerance
    else:
        assert z < 2.5 + tolerance or z * sigma < 0.42


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_a_duration_that_is_not_shortened_remains_anomalous(usual_ns: int, took_ns: int) -> None:
    judgement = judge(steady(usual_ns, 30), took_ns)
    if judgement is not None:
        assert remains_anomalous(judgement, took_ns)
        assert not remains_anomalous(judgement, round(judgement.expected_ns))
