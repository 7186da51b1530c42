from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_common.schedule import SPENT, Pace, Progress, due_ns

PACE = Pace(quiet_ns=400, patience_ns=0, most_patience_ns=100_000, growth=1.25, least_ns=1500)


@pytest.mark.parametrize(
    ("case", "progress", "due"),
    [
        ("new data, at once quiet", Progress(10, 0, since_ns=1000, touched_ns=1000), 1400),
        ("new data, still coming", Progress(99, 0, since_ns=1000, touched_ns=2300), 2500),
        ("new data, has been coming for long", Progress(999, 0, since_ns=1000, touched_ns=9000), 9000),
        ("grown too little", Progress(124, 100, since_ns=1000, touched_ns=9000), 9400),
        ("grown enough, too soon", Progress(125, 100, since_ns=1000, touched_ns=2400), 2500),
        ("grown enough, after a while", Progress(125, 100, since_ns=1000, touched_ns=9000), 9000),
        ("grown much, then quiet at once", Progress(999, 100, since_ns=1000, touched_ns=1050), 1450),
        ("read often enough", Progress(120, 100, 1000, 9000, spent_size=100_240), 9400),
        ("read too often", Progress(120, 100, 1000, 9000, spent_size=100_241), 109_400),
        ("read too often, but grown", Progress(125, 100, 1000, 9000, spent_size=900_000), 9000),
    ],
)
def test_when_work_is_due(case: str, progress: Progress, due: int) -> None:
    assert due_ns(progress, PACE) == due, case


@pytest.mark.parametrize(
    ("case", "progress", "due"),
    [
        ("new runs wait for hardly anything", Progress(2, 0, since_ns=1000, touched_ns=1000), 1050),
        ("so do small ones", Progress(4, 4, since_ns=1000, touched_ns=9000), 9050),
        ("a large one must rest the longer", Progress(11, 10, since_ns=1000, touched_ns=9000), 11_450),
        ("unless it grew", Progress(13, 10, since_ns=1000, touched_ns=9000), 9000),
        ("but never very long", Progress(10**9, 10**9, since_ns=0, touched_ns=0), 50_050),
    ],
)
def test_when_a_run_is_due(case: str, progress: Progress, due: int) -> None:
    assert due_ns(progress, PACE.for_runs) == due, case


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_due_is_never_before_the_last_change_nor_later_than_quiet_asks(
    size: int, done_size: int, since_ns: int, rest: int
) -> None:
    progress = Progress(size, done_size, since_ns, since_ns + rest)
    assert progress.touched_ns <= due_ns(progress, PACE) <= progress.touched_ns + PACE.quiet_ns


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=200), st.integers(1, PACE.most_patience_ns))
def test_data_that_rests_a_little_costs_a_constant_factor_too(steps: list[int], interval_ns: int) -> None:
    size = done = now = since = spent = 0
    for step in steps:
        now, size = now + interval_ns, size + step
        due = due_ns(Progress(size, done, since, now, spent_size=spent), PACE)
        if due < now + interval_ns:
            done, since, spent = size, due, spent + size
        assert spent <= max(SPENT + 1, PACE.growth / (PACE.growth - 1)) * size + PACE.free_size


@given(st.lists(st.integers(1, 300), min_size=1, max_size=200))
def test_data_that_never_rests_costs_a_constant_factor(steps: list[int]) -> None:
    """Analyze whenever it is due while data comes every 399: the sizes analyzed form a geometric series."""
    size = done = now = since = analyzed = 0
    for step in steps:
        now, size = now + 399, size + step
        if due_ns(Progress(size, done, since, now), PACE) <= now:
            analyzed += size
            done, since = size, now
    assert analyzed <= size * PACE.growth / (PACE.growth - 1)
