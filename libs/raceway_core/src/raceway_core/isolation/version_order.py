"""The order of a register's versions where visibility tells it: which writers come first after a version.

Whoever read the version comes before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from raceway_core.isolation.effort import FOUND, Effort
from raceway_core.isolation.graph import Edge, EdgeKind, Graph
from raceway_core.isolation.lane import Lanes, Numbers
from raceway_core.isolation.reach import Block
from raceway_core.isolation.read_table import ReadTable, Version
from raceway_core.isolation.writes import BEFORE_ALL


class VersionOrder:
    """Adds the rw edges to a graph, block by block."""

    def __init__(self, graph: Graph, table: ReadTable, lanes: Lanes, effort: Effort) -> None:
        self._graph = graph
        self._table = table
        self._lanes = lanes
        self._effort = effort
        self._key = np.array([one.number for one in table.versions], dtype=np.int64)
        self._source = np.array([one.source for one in table.versions], dtype=np.int64)

    def look(self, block: Block, runs: Numbers) -> None:
        """Add the edges to those of a block's writers that no other of them comes before."""
        table, lanes = self._table, self._lanes
        for _, version, run in table.runs.pairs(self._key, runs):
            lane = table.runs.run_lane[run]
            newer = block.after(self._source[version], lane)
            possible = np.flatnonzero(newer <= lanes.sizes[lane])
            entry, is_one = table.runs.first_from(run[possible], newer[possible])
            group, writer = version[possible[is_one]], table.runs.writer[entry[is_one]]
            order = np.lexsort((lanes.rank[writer], group))
            group, writer = group[order], writer[order]
            is_earliest = block.earliest(group, writer)
            self._connect(group[is_earliest], writer[is_earliest])

    def _connect(self, group: Numbers, writer: Numbers) -> None:
        begins, writers = np.flatnonzero(np.diff(group, prepend=-1)), writer.tolist()
        for begin, end in pairwise([*begins.tolist(), len(writers)]):
            one = self._table.versions[group[begin]]
            if self._effort.allows(FOUND * (end - begin + len(one.readers))):
                self._graph.connect(one.readers, list(_edges(one, writers[begin:end])))


def _edges(version: Version, writers: Sequence[int]) -> Iterator[Edge]:
    """Yield the edges of a version's readers. That an updater's write is newer was seen, not derived."""
    updaters = frozenset(version.readers)
    is_first = version.source == BEFORE_ALL
    for writer in writers:
        yield Edge(writer, EdgeKind.RW, version.key, not is_first and writer not in updaters)
