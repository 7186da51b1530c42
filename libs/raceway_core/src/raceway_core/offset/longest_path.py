"""Longest paths through difference constraints, or the cycle that contradicts itself.

A constraint (a, b) with weight w says x_b − x_a ≥ w. The longest path from a to b is then the least
that x_b − x_a can be. A cycle of positive weight says that some x is larger than itself.

Source: Bellman 1958; Ford 1956; the search for cycles among predecessors: Tarjan 1981, "Shortest
paths"; between all nodes at once: Floyd 1962, "Algorithm 97".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]
Pair: TypeAlias = tuple[str, str]

NO_PATH = -(2**61)
"""In a matrix of weights: there is no constraint. In one of lengths all below half of it is no path."""

LONGEST = 2**51
"""Weights in a matrix are not beyond it, 26 days in nanoseconds: their sums stay apart from `NO_PATH`."""


def longest_from(start: str, weights: Mapping[Pair, int]) -> dict[str, int]:
    """Return the longest path to each node that can be reached; there must be no positive cycle.

    Time: O(nodes · constraints), O(constraints) for each step of the longest path with most steps.
    """
    lengths = {start: 0}
    while _lengthen(lengths, weights, {}):
        pass
    return lengths


def positive_cycle(weights: Mapping[Pair, int]) -> list[str] | None:
    """Return the nodes of a cycle that contradicts itself, in its direction; None if there is none.

    Time: as `longest_from`.
    """
    lengths = dict.fromkeys((node for pair in weights for node in pair), 0)
    before: dict[str, str] = {}
    while _lengthen(lengths, weights, before):
        if cycle := _cycle(before):
            return cycle
    return None


def longest_between(weights: Integers) -> Integers | None:
    """Return the longest path from each node to each, None if there is a positive cycle.

    `weights` has the constraint of row and column, those of a node with itself aside; at most 256 nodes.
    Time: O(nodes³), in vector operations.
    """
    lengths = weights.copy()
    np.fill_diagonal(lengths, 0)
    for node in range(len(lengths)):
        np.maximum(lengths, lengths[:, node, np.newaxis] + lengths[node], out=lengths)
        if (lengths.diagonal() > 0).any():
            return None
    return lengths


def reversed_pairs(weights: Mapping[Pair, int]) -> dict[Pair, int]:
    """Return the constraints with each turned around."""
    return {(target, source): weight for (source, target), weight in weights.items()}


def _lengthen(lengths: dict[str, int], weights: Mapping[Pair, int], before: dict[str, str]) -> bool:
    """Lengthen paths by one constraint each, at least; return whether any became longer."""
    has_changed = False
    for (source, target), weight in weights.items():
        if source in lengths:
            length = lengths[source] + weight
            if target not in lengths or length > lengths[target]:
                lengths[target] = length
                before[target] = source
                has_changed = True
    return has_changed


def _cycle(before: Mapping[str, str]) -> list[str] | None:
    seen_by: dict[str, str] = {}
    for start in before:
        node = start
        while node in before and node not in seen_by:
            seen_by[node] = start
            node = before[node]
        if node in before and seen_by[node] == start:
            return _loop_through(node, before)
    return None


def _loop_through(node: str, before: Mapping[str, str]) -> list[str]:
    loop = [node]
    while before[loop[-1]] != node:
        loop.append(before[loop[-1]])
    return loop[::-1]


def weight_of(cycle: Iterable[str], weights: Mapping[Pair, int]) -> int:
    """Return the sum of the weights around a cycle."""
    nodes = list(cycle)
    return sum(weights[pair] for pair in zip(nodes, [*nodes[1:], nodes[0]], strict=True))
