"""Counting overlaps and dominated points, against looking at each pair."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.counting.interval_count import Intervals, dominated, overlapping, overlapping_within

Drawn = list[tuple[int, int]]

PAIRS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0, 0, 1, 2, 6])), max_size=8)
SLACK = st.integers(0, 3)


def intervals(drawn: Drawn) -> Intervals:
    starts = np.array([start for start, _ in drawn], dtype=np.int64)
    return Intervals(starts, starts + np.array([length for _, length in drawn], dtype=np.int64))


def overlap(first: tuple[int, int], second: tuple[int, int], slack: int) -> bool:
    ends = first[0] + first[1], second[0] + second[1]
    return first[0] + slack < ends[1] and second[0] + slack < ends[0]


@given(PAIRS, PAIRS, SLACK)
def test_counts_overlaps_between(first: Drawn, second: Drawn, slack: int) -> None:
    expected = sum(overlap(one, other, slack) for one in first for other in second)
    assert overlapping(intervals(first), intervals(second), -slack, slack) == expected


@given(PAIRS, PAIRS, st.data())
def test_counts_overlaps_whatever_is_added_to_the_second(
    first: Drawn, second: Drawn, data: st.DataObject
) -> None:
    added = [sorted(data.draw(st.tuples(st.integers(-6, 6), st.integers(-6, 6)))) for _ in range(len(first))]
    expected = sum(
        all(start < other + lasts + by and other + by < start + long for by in (low, high))
        for (start, long), (low, high) in zip(first, added, strict=True)
        for other, lasts in second
    )
    low, high = (np.array([pair[end] for pair in added], dtype=np.int64) for end in (0, 1))
    assert overlapping(intervals(first), intervals(second), low, high) == expected


@given(PAIRS, SLACK)
def test_counts_overlaps_within(drawn: Drawn, slack: int) -> None:
    expected = sum(overlap(one, other, slack) for at, one in enumerate(drawn) for other in drawn[:at])
    assert overlapping_within(intervals(drawn), slack) == expected


@given(PAIRS, PAIRS)
def test_counts_dominated_points(points: Drawn, corners: Drawn) -> None:
    xs, ys, least_xs, least_ys = (
        np.array([pair[axis] for pair in pairs], dtype=np.int64)
        for pairs in (points, corners)
        for axis in (0, 1)
    )
    expected = sum(x >= least_x and y >= least_y for x, y in points for least_x, least_y in corners)
    assert dominated(xs, ys, least_xs, least_ys) == expected
