"""Lanes: chains of one process that follow one another, put end to end.

A request that starts a thousand tasks, one after the other, is no wider than two. A chain goes
behind a lane whose last node happens before its own first node; so the width of a clock is the real
parallelism and not the number of tasks. The cover is greedy, in the order of a linear extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raceway_core.graph.chain import Chain
from raceway_core.graph.event_table import NONE
from raceway_core.identity import Process


class Lanes:
    """The lane of each chain, and where on it the chain begins. `processes` are by lane."""

    def __init__(self, chains: Sequence[Chain], chain_nodes: Sequence[Sequence[int]]) -> None:
        self._chains = chains
        self._sizes = [len(nodes) for nodes in chain_nodes]
        self.processes: list[Process] = []
        self.of_chain = [NONE] * len(chains)
        self.offsets = [0] * len(chains)
        self.lengths: list[int] = []
        self.components: list[str] = []

    def process(self, chain: int) -> Process:
        """Return the process of a chain."""
        return self._chains[chain].process

    def place(self, chain: int, followed: Iterable[int]) -> None:
        """Give `chain` a lane: the first of its process that it has `followed` to the end, or a new one."""
        process = self._chains[chain].process
        lane = next((lane for lane in followed if self.processes[lane] == process), len(self.lengths))
        if lane == len(self.lengths):
            self.processes.append(process)
            self.lengths.append(0)
            self.components.append(self._chains[chain].component)
        self.of_chain[chain], self.offsets[chain] = lane, self.lengths[lane]
        self.lengths[lane] += self._sizes[chain]
