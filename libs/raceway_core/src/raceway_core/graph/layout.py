"""What edges are drawn between: events in columns, their nodes, and the chains of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from raceway_core.graph.chain import Chains
from raceway_core.graph.event_table import NONE, EventTable
from raceway_core.graph.program_order import Nodes
from raceway_core.identity import Process


class Layout(NamedTuple):
    """A graph without its edges.

    `place_of` has the events whose sent clock counts, `detached` the spans that nobody waited for.
    """

    table: EventTable
    nodes: Nodes
    chains: Chains
    chain_nodes: Sequence[Sequence[int]]
    place_of: Mapping[int, int]
    detached: frozenset[int] = frozenset()

    def process(self, event: int) -> Process:
        """Return the process that recorded `event`."""
        return self.table.strands[self.table.strand_of[event]].process

    def local_parent(self, event: int) -> int:
        """Return the parent if it is of the same process, else NONE."""
        parent = self.table.parents[event]
        return parent if parent != NONE and self.process(parent) == self.process(event) else NONE

    def are_on_one_host(self, chain: int, other: int) -> bool:
        """Whether the wall clocks of two chains are one."""
        left, right = self.chains.chains[chain], self.chains.chains[other]
        return left.process == right.process or left.host == right.host != ""
