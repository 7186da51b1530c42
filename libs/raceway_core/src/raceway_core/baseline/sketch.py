"""DDSketch: how durations are distributed, within 1 %, mergeable, in little memory.

A duration x of at least 1 ns is counted in bucket ⌈log_γ x⌉ with γ = (1 + α) / (1 − α), and stands for
2γ^i / (γ + 1), which is off by at most α = 1 %. Buckets are equally wide on a logarithmic scale, so
medians and deviations of ln x are counts of buckets. 64-bit nanoseconds fill at most 2,184 buckets;
so nothing is ever collapsed, and taking values out again is as exact as putting them in.

Source: Masson, Rim and Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with
relative-error guarantees".
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, exp, log

ACCURACY = 0.01

LOG_GAMMA = log((1 + ACCURACY) / (1 - ACCURACY))
_LOG_OFFSET = log(1 - ACCURACY)  # ln(2 / (γ + 1))


def bucket_of(duration_ns: int) -> int:
    """Return the bucket that counts a duration; nothing is shorter than 1 ns."""
    return ceil(log(duration_ns) / LOG_GAMMA) if duration_ns > 1 else 0


def log_of(bucket: int) -> float:
    """Return the logarithm of the duration that a bucket stands for."""
    return bucket * LOG_GAMMA + _LOG_OFFSET


def value_of(bucket: int) -> float:
    """Return the duration in nanoseconds that a bucket stands for."""
    return exp(log_of(bucket))


class Sketch:
    """Counts by bucket. A quantile of n values is the one of rank ⌊q·(n − 1)⌋, from 0."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self._counts = dict(counts or {})
        self.total = sum(self._counts.values())
        self._middle = min(self._counts, default=0)
        self._below = 0  # how many values are in buckets before the middle one

    @property
    def counts(self) -> Mapping[int, int]:
        """The buckets that are not empty: all of the sketch's state."""
        return self._counts

    def copy(self) -> Sketch:
        """Return another sketch that has counted the same. Time: O(buckets), and little of it."""
        other = Sketch()
        other._counts, other.total = self._counts.copy(), self.total
        other._middle, other._below = self._middle, self._below
        return other

    def add(self, bucket: int, times: int = 1) -> None:
        """Count `times` values more, or less where it is negative. Time: O(1)."""
        count = self._counts.get(bucket, 0) + times
        if count:
            self._counts[bucket] = count
        else:
            del self._counts[bucket]
        self.total += times
        if bucket < self._middle:
            self._below += times

    def merge(self, other: Sketch) -> None:
        """Count what `other` has too. Time: O(its buckets)."""
        self.count(other.counts)

    def count(self, counts: Mapping[int, int]) -> None:
        """Count more values, by bucket. Time: O(buckets)."""
        if not self._counts:
            self._counts, self.total = dict(counts), sum(counts.values())
            self._middle, self._below = min(counts, default=0), 0
            return
        known, middle = self._counts, self._middle
        for bucket, count in counts.items():
            known[bucket] = known.get(bucket, 0) + count
            if bucket < middle:
                self._below += count
        self.total += sum(counts.values())

    def remove(self, other: Sketch) -> None:
        """Undo `merge`. Time: O(its buckets)."""
        for bucket, count in other.counts.items():
            self.add(bucket, -count)

    def quantile(self, q: float) -> int:
        """Return the bucket of quantile `q`; there must be a value. Time: O(b log b), b buckets."""
        rank = int(q * (self.total - 1))
        for bucket in sorted(self._counts):
            rank -= self._counts[bucket]
            if rank < 0:
                return bucket
        raise ValueError("an empty sketch has no quantiles")

    def median(self) -> int:
        """Return the bucket of the median; there must be a value.

        Time: O(buckets between it and the one last returned).
        """
        counts, rank = self._counts, (self.total - 1) // 2
        while self._below > rank:
            self._middle -= 1
            self._below -= counts.get(self._middle, 0)
        while (reached := self._below + counts.get(self._middle, 0)) <= rank:
            self._below = reached
            self._middle += 1
        return self._middle

    def log_deviation(self) -> float:
        """Return the median absolute deviation of ln x from its median; there must be a value.

        Time: O(buckets within the deviation).
        """
        counts, middle, rank = self._counts, self.median(), (self.total - 1) // 2
        distance, covered = 0, counts.get(middle, 0)
        while covered <= rank:
            distance += 1
            covered += counts.get(middle - distance, 0) + counts.get(middle + distance, 0)
        return distance * LOG_GAMMA
