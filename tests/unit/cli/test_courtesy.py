"""Who goes first in one process."""

from __future__ import annotations

import pytest

from raceway_cli.courtesy import Courtesy


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def courtesy(clock: Clock) -> Courtesy:
    return Courtesy(quiet_s=0.05, most_s=2.0, now_s=clock)


def test_nobody_waits_without_intake(courtesy: Courtesy) -> None:
    assert courtesy.wait_s() <= 0


def test_analysis_waits_for_a_pause_of_intake(courtesy: Courtesy, clock: Clock) -> None:
    courtesy.note_batch()
    assert courtesy.wait_s() == pytest.approx(0.05)
    clock.now_s += 0.05
    assert courtesy.wait_s() == pytest.approx(0)


def test_intake_without_a_pause_goes_first_for_two_seconds_only(courtesy: Courtesy, clock: Clock) -> None:
    begin_s = clock.now_s
    while clock.now_s < begin_s + 1.9:
        courtesy.note_batch()
        assert courtesy.wait_s() > 0
        clock.now_s += 0.04
    while clock.now_s < begin_s + 10:
        clock.now_s += 0.04
        courtesy.note_batch()
    assert courtesy.wait_s() < 0


def test_after_a_pause_intake_goes_first_again(courtesy: Courtesy, clock: Clock) -> None:
    courtesy.note_batch()
    clock.now_s += 10
    courtesy.note_batch()
    assert courtesy.wait_s() == pytest.approx(0.05)
