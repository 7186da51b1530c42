"""The smallest number at the beginning of a list that grows, in logarithmic time."""

from __future__ import annotations

import sys

NOTHING = sys.maxsize
"""Stands where there is no number."""


class Least:
    """A list of numbers under a binary tree, each node of which has the smaller of the two below it."""

    def __init__(self) -> None:
        self._size = 2
        self._count = 0
        self._tree = [NOTHING] * 4

    def append(self, number: int) -> None:
        """Add a number at the end. Time: O(log n), amortized."""
        self._count += 1
        if self._count == self._size:
            self._grow()
        self._put(self._count - 1, number)

    def clear(self, place: int) -> None:
        """Have no number at a place any more. Time: O(log n)."""
        self._put(place, NOTHING)

    def least(self, count: int) -> tuple[int, int]:
        """Return the smallest of the first `count` numbers, and a place of it. Time: O(log n).

        Where there is none it is NOTHING, and its place means nothing.
        """
        tree, best, found = self._tree, NOTHING, self._size
        node = count + self._size
        while node > 1:
            if node & 1 and tree[node - 1] < best:
                best, found = tree[node - 1], node - 1
            node //= 2
        while found < self._size:
            found = 2 * found + (tree[2 * found] != best)
        return best, found - self._size

    def _grow(self) -> None:
        leaves = self._tree[self._size :]
        self._size *= 2
        self._tree = [NOTHING] * self._size + leaves + [NOTHING] * len(leaves)
        for node in range(self._size - 1, 0, -1):
            self._tree[node] = min(self._tree[2 * node], self._tree[2 * node + 1])

    def _put(self, place: int, number: int) -> None:
        tree, node = self._tree, place + self._size
        tree[node] = number
        while node > 1:
            node //= 2
            smaller = min(tree[2 * node], tree[2 * node + 1])
            if tree[node] == smaller:
                break
            tree[node] = smaller
