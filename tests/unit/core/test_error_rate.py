"""Rates of errors: named cases, and that the score is a normal distance where nothing changed."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.baseline.error_rate import ErrorRate, RateJudgement
from raceway_core.finding import Severity


def judgements(outcomes: str) -> list[tuple[int, RateJudgement]]:
    """Return what is told, by the place of the call; `x` failed."""
    rate = ErrorRate()
    told = [(place, rate.learn(is_error=outcome == "x")) for place, outcome in enumerate(outcomes)]
    return [(place, judgement) for place, judgement in told if judgement]


def episodes(outcomes: str) -> list[int]:
    """Return the places of the calls with which an episode begins."""
    return [place for place, judgement in judgements(outcomes) if judgement.is_new]


@pytest.mark.parametrize(
    ("outcomes", "places"),
    [
        pytest.param("." * 200, [], id="nothing fails"),
        pytest.param("." * 100 + "x" * 50, [102], id="all fail: told once"),
        pytest.param("x" * 200, [], id="it always failed"),
        pytest.param("." * 19 + "x" * 20, [], id="too few calls before"),
        pytest.param("." * 100 + "xx" + "." * 50, [], id="two failures"),
        pytest.param("." * 100 + "xxx" + "." * 60 + "xxxx", [102, 166], id="twice"),
        pytest.param("x...." * 60, [], id="a fifth, as ever"),
    ],
)
def test_named_cases(outcomes: str, places: list[int]) -> None:
    assert episodes(outcomes) == places


def test_more_failures_are_worse() -> None:
    scores = [judgement.score for _, judgement in judgements("." * 100 + "x" * 10)]
    assert scores == sorted(scores)
    severities = [judgement.severity for _, judgement in judgements("." * 100 + "x" * 10)]
    assert (severities[0], severities[-1]) == (Severity.WARNING, Severity.CRITICAL)


@given(st.sampled_from([0.01, 0.1, 0.3, 0.5]), st.randoms(use_true_random=True))
def test_a_steady_rate_is_seldom_told(rate: float, random: Random) -> None:
    outcomes = "".join("x" if random.random() < rate else "." for _ in range(1_000))
    assert len(episodes(outcomes)) < 15
