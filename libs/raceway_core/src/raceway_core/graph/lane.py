"""Lanes: chains of one process that follow one another, put end to end.

A request that starts a thousand tasks, one after the other, is no wider than two. A chain goes
behind a lane whose last node happens before its own first node; so the width of a clock is the real
parallelism and not the number of tasks. The cover is greedy, in the order of a linear extension.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raceway_core.graph.chain import Chain
from raceway_core.graph.event_table import NONE
from raceway_core.identity import Process


class Lanes:
    """The lane of each chain, and where on it the chain begins."""

    def __init__(self, chains: Sequence[Chain], chain_nodes: Sequence[Sequence[int]]) -> None:
        self._chains = chains
        self._sizes = [len(nodes) for nodes in chain_nodes]
        self._processes: list[Process] = []
        self.of_chain = [NONE] * len(chains)
        self.offsets = [0] * len(chains)
        self.lengths: list[int] = []
        self.components: list[str] = []

    def place(self, chain: int, clock: Mapping[int, int]) -> None:
        """Give `chain`, whose first node has `clock`, its lane. Time: O(entries of the clock)."""
        lane = self._free_lane(self._chains[chain].process, clock)
        self.of_chain[chain], self.offsets[chain] = lane, self.lengths[lane]
        self.lengths[lane] += self._sizes[chain]
        if lane == len(self.components):
            self.components.append(self._chains[chain].component)

    def _free_lane(self, process: Process, clock: Mapping[int, int]) -> int:
        for lane in sorted(clock):
            if clock[lane] == self.lengths[lane] and self._processes[lane] == process:
                return lane
        self._processes.append(process)
        self.lengths.append(0)
        return len(self.lengths) - 1
