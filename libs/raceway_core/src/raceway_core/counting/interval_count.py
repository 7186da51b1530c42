"""Counting pairs of intervals, and pairs of points, without listing them.

Two intervals overlap if each begins before the other ends, whatever from `low` to `high` is added to
the second's times. Of all pairs those that do not are subtracted: one sorted search for "b ended by the
time a began", one for the reverse, and where both are true, which only short intervals can do, one
dominance count.

Source for the dominance count: Navarro 2014, "Wavelet trees for all".
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


class Intervals(NamedTuple):
    """Begins and ends, of equal length, begin <= end."""

    starts: Integers
    ends: Integers

    def of(self, chosen: Integers | Flags) -> Intervals:
        """Return some of them, by number or by flag."""
        return Intervals(self.starts[chosen], self.ends[chosen])


def overlapping(
    first: Intervals, second: Intervals, low: int | Integers = 0, high: int | Integers = 0
) -> int:
    """Return how many pairs of one of `first` with one of `second` overlap. See `overlapping_each`."""
    return int(overlapping_each(first, second, low, high).sum())


def overlapping_each(
    first: Intervals, second: Intervals, low: int | Integers = 0, high: int | Integers = 0
) -> Integers:
    """Return for each of `second` how many of `first` it overlaps.

    `low` <= `high`, for all or for each of `first`. Time: O(k log k).
    """
    if not len(first.starts) or not len(second.starts):
        return np.zeros(len(second.starts), dtype=np.int64)
    starts, ends = first.starts - low, first.ends - high
    begun = np.searchsorted(np.sort(starts), second.ends, side="left")
    ended = np.searchsorted(np.sort(ends), second.starts, side="right")
    counts: Integers = begun - ended
    short = first.ends - first.starts <= high - low
    brief = second.ends - second.starts <= np.max(high - low)
    corners = second.of(brief)
    counts[brief] += _dominated_each(starts[short], -ends[short], corners.ends, -corners.starts)
    return counts


def overlapping_within(intervals: Intervals, slack: int = 0) -> int:
    """Return how many pairs of different ones of `intervals` overlap by more than `slack`.

    Time: O(k log k).
    """
    alone = int(np.count_nonzero(intervals.starts + slack < intervals.ends))
    return (overlapping(intervals, intervals, -slack, slack) - alone) // 2


def dominated(xs: Integers, ys: Integers, least_xs: Integers, least_ys: Integers) -> int:
    """Return how many points (x, y) and corners fit: x >= least x and y >= least y.

    Time: O(n log n) in vector operations, n points and corners.
    """
    return int(_dominated_each(xs, ys, least_xs, least_ys).sum())


def _dominated_each(xs: Integers, ys: Integers, least_xs: Integers, least_ys: Integers) -> Integers:
    """Return for each corner how many points fit."""
    if not len(xs) or not len(least_xs):
        return np.zeros(len(least_xs), dtype=np.int64)
    by_x = np.argsort(-xs, kind="stable")
    prefixes = np.searchsorted(-xs[by_x], -least_xs, side="right")
    values, ranks = np.unique(ys, return_inverse=True)
    thresholds = np.searchsorted(values, least_ys, side="left")
    return _count_at_least(ranks.reshape(-1)[by_x], prefixes, thresholds, len(values))


def _count_at_least(ranks: Integers, prefixes: Integers, thresholds: Integers, size: int) -> Integers:
    """Return for each i how many of the first `prefixes[i]` ranks are >= `thresholds[i]`.

    A wavelet matrix, one level per bit of the ranks, walked by all thresholds at once: where the
    threshold has a 0, all ranks in reach with a 1 are greater; the walk goes on with the equal ones.
    """
    begins, ends = np.zeros_like(prefixes), prefixes.copy()
    found = np.zeros_like(prefixes)
    for bit in reversed(range(size.bit_length())):
        ones = (ranks >> bit) & 1
        ones_before = np.concatenate(([0], np.cumsum(ones)))
        zeros = len(ranks) - int(ones_before[-1])
        low, high = ones_before[begins], ones_before[ends]
        wants_one = (thresholds >> bit) & 1 == 1
        found += np.where(wants_one, 0, high - low)
        begins = np.where(wants_one, zeros + low, begins - low)
        ends = np.where(wants_one, zeros + high, ends - high)
        ranks = np.concatenate((ranks[ones == 0], ranks[ones == 1]))
    return found + ends - begins
