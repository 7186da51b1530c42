"""Lanes: sessions put one behind the other where the next begins by reading what the last one ended with.

A lane is a path of the visibility order (so, wr), so what is known of it is one number: how many of
its writers. Edges inside a component are left out, since on a cycle nothing is before anything: a
session that such an edge crosses falls into several lanes.

Source: Jagadish 1990, "A compression technique to materialize transitive closure" (chain covers).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from raceway_core.isolation.component import components_of
from raceway_core.isolation.graph import EdgeKind, Graph

Numbers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

NO_LANE = -1


class Lanes(NamedTuple):
    """The visibility order of a history. All but `edges` and `sizes` are by transaction.

    `edges` are (from, to), those from an earlier one first; `rank` is the place in that order.
    `place` is how many writers its lane has up to it, itself included. `sizes` are the writers of each
    lane, most first; a lane without a writer is none.
    """

    edges: Sequence[tuple[int, int]]
    rank: Numbers
    session: Numbers
    lane: Numbers
    place: Numbers
    is_writer: Flags
    sizes: Numbers


def lanes_of(graph: Graph, sessions: Sequence[Sequence[int]], writers: Collection[int]) -> Lanes:
    """Return the lanes of a history. Time: O(transactions + edges)."""
    successors = graph.successors({EdgeKind.SO, EdgeKind.WR})[: graph.size]
    component = components_of(successors)
    order = sorted(range(graph.size), key=component.__getitem__, reverse=True)
    onward = [
        [target for target in dict.fromkeys(targets) if component[target] != component[node]]
        for node, targets in enumerate(successors)
    ]
    is_writer = np.zeros(graph.size, dtype=np.bool_)
    is_writer[list(writers)] = True
    lanes = _Joining(list(_stretches(sessions, component)), graph.size).join(order, onward)
    counts = [np.cumsum(is_writer[nodes]) for nodes in lanes]
    sizes = np.array([count[-1] for count in counts], dtype=np.int64)
    most_first = np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)]
    session, lane, place = (np.full(graph.size, NO_LANE, dtype=np.int64) for _ in range(3))
    for number, members in enumerate(sessions):
        session[list(members)] = number
    for number, one in enumerate(most_first.tolist()):
        lane[lanes[one]] = number
        place[lanes[one]] = counts[one]
    rank = np.empty(graph.size, dtype=np.int64)
    rank[order] = np.arange(graph.size)
    edges = [(node, target) for node in order for target in onward[node]]
    return Lanes(edges, rank, session, lane, place, is_writer, sizes[most_first])


class _Stretch(NamedTuple):
    """Transactions of one session in its order; `is_whole` if they are all of it."""

    nodes: Sequence[int]
    is_whole: bool


def _stretches(sessions: Sequence[Sequence[int]], component: Sequence[int]) -> Iterator[_Stretch]:
    for session in sessions:
        begin = 0
        for end in range(1, len(session) + 1):
            if end == len(session) or component[session[end - 1]] == component[session[end]]:
                yield _Stretch(session[begin:end], end - begin == len(session))
                begin = end


class _Joining:
    """Joins whole sessions only: of a lane of several the own session then is the end before a reader."""

    def __init__(self, stretches: Sequence[_Stretch], size: int) -> None:
        self._stretches = stretches
        self._beginning = [NO_LANE] * size
        self._ending = [NO_LANE] * size
        for number, (nodes, _) in enumerate(stretches):
            self._beginning[nodes[0]] = self._ending[nodes[-1]] = number

    def join(self, order: Sequence[int], onward: Sequence[Sequence[int]]) -> list[list[int]]:
        lanes: list[list[int]] = []
        lane_of = [NO_LANE] * len(self._stretches)
        for node in order:
            begun, ended = self._beginning[node], self._ending[node]
            if begun != NO_LANE and lane_of[begun] == NO_LANE:
                lane_of[begun] = len(lanes)
                lanes.append(list(self._stretches[begun].nodes))
            if ended != NO_LANE and self._stretches[ended].is_whole:
                following = self._next(onward[node], lane_of)
                if following != NO_LANE:
                    lane_of[following] = lane_of[ended]
                    lanes[lane_of[ended]] += self._stretches[following].nodes
        return lanes

    def _next(self, targets: Sequence[int], lane_of: Sequence[int]) -> int:
        for target in targets:
            begun = self._beginning[target]
            if begun != NO_LANE and self._stretches[begun].is_whole and lane_of[begun] == NO_LANE:
                return begun
        return NO_LANE
