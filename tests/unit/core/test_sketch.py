"""The sketch of durations: within 1 % of the sorted list, mergeable, and its running median is the median."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.baseline.sketch import ACCURACY, LOG_GAMMA, Sketch, bucket_of, value_of

DURATIONS = st.integers(1, 2**63 - 1)
LISTS = st.lists(DURATIONS, min_size=1, max_size=60)


def sketch_of(durations: Sequence[int]) -> Sketch:
    sketch = Sketch()
    for duration in durations:
        sketch.add(bucket_of(duration))
    return sketch


@given(DURATIONS)
def test_a_bucket_stands_for_its_durations_within_one_percent(duration: int) -> None:
    assert abs(value_of(bucket_of(duration)) - duration) <= ACCURACY * duration * (1 + 1e-9)


def test_nothing_is_shorter_than_a_nanosecond() -> None:
    assert bucket_of(0) == bucket_of(1) == 0


@given(LISTS, st.floats(0, 1))
def test_a_quantile_is_the_bucket_of_the_value_of_its_rank(durations: list[int], q: float) -> None:
    assert sketch_of(durations).quantile(q) == bucket_of(sorted(durations)[int(q * (len(durations) - 1))])


@given(st.lists(st.tuples(DURATIONS, st.booleans()), min_size=1, max_size=60))
def test_the_median_follows_what_comes_and_goes(changes: list[tuple[int, bool]]) -> None:
    sketch, durations = Sketch(), list[int]()
    for duration, leaves in changes:
        if leaves and durations:
            sketch.add(bucket_of(durations.pop()), -1)
        else:
            sketch.add(bucket_of(duration))
            durations.append(duration)
        if durations:
            assert sketch.median() == bucket_of(sorted(durations)[(len(durations) - 1) // 2])


@given(LISTS)
def test_the_deviation_is_the_median_of_distances_in_buckets(durations: list[int]) -> None:
    buckets = sorted(map(bucket_of, durations))
    rank = (len(buckets) - 1) // 2
    distances = sorted(abs(bucket - buckets[rank]) for bucket in buckets)
    assert sketch_of(durations).log_deviation() == pytest.approx(distances[rank] * LOG_GAMMA)


@given(LISTS, LISTS)
def test_merging_is_learning_both_and_removing_undoes_it(left: list[int], right: list[int]) -> None:
    merged = sketch_of(left)
    merged.merge(sketch_of(right))
    assert merged.counts == sketch_of(left + right).counts
    assert merged.median() == sketch_of(left + right).median()
    merged.remove(sketch_of(right))
    assert merged.counts == sketch_of(left).counts
    assert (merged.total, merged.median()) == (len(left), sketch_of(left).median())


@given(st.floats(8, 25), st.floats(0.06, 1.5), st.integers(100, 400))
def test_of_a_lognormal_distribution_both_parameters_are_found(mu: float, sigma: float, n: int) -> None:
    """The median of ln x is μ; 1.4826 times its MAD is σ. The sample is the distribution's own quantiles."""
    sample = [round(exp(mu + sigma * normal_quantile((k + 0.5) / n))) for k in range(n)]
    sketch = sketch_of(sample)
    sampling = 3 * sigma / n
    assert log(value_of(sketch.median())) == pytest.approx(mu, abs=LOG_GAMMA + 1e-3 + sampling)
    assert 1.4826 * sketch.log_deviation() == pytest.approx(sigma, abs=1.4826 * 2 * LOG_GAMMA + 3 * sampling)


@given(st.floats(1e4, 1e12), st.integers(100, 400))
def test_of_an_exponential_distribution_the_median_is_ln_2_times_the_mean(mean: float, n: int) -> None:
    sample = [round(-mean * log(1 - (k + 0.5) / n)) for k in range(n)]
    assert value_of(sketch_of(sample).median()) == pytest.approx(mean * log(2), rel=0.01 + 2 / n)


def normal_quantile(p: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(p)
