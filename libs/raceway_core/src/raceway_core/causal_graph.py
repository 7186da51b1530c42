"""The causal graph: the events of one trace, the chains they ran on, and what led to what.

Built by `build_graph`; ordered by `raceway_core.clock`. Everything is numbered: an event by its
place in `events`, a node by its place in `event_of`. An event without a duration is one node, one
with a duration has a node for its start and one for its end; so `starts[e] == ends[e]` tells a
point event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from raceway_core.chain import Chain, chains_of
from raceway_core.edge import Edge, EdgeKind
from raceway_core.event import Event, EventId, Payload
from raceway_core.event_set import distinct
from raceway_core.event_table import table_of
from raceway_core.inferred_edge import inferred_edges
from raceway_core.program_order import chain_nodes_of, nodes_of, start_order

__all__ = ["CausalGraph", "Chain", "ClockIssue", "Edge", "EdgeKind", "build_graph"]


class ClockIssue(msgspec.Struct, frozen=True, gc=False):
    """Something wrong with a clock that was sent (kinds: WIRE §6, and `gap`)."""

    kind: str
    event_id: EventId
    message: str


class CausalGraph(msgspec.Struct, frozen=True):
    """See the module. `notes` counts by kind what was found odd; the graph is acyclic.

    `chain_nodes[c]` are the nodes of chain c in program order; `edges` are the others, between
    chains. `missing_parents` are parent ids that no event of the trace has.
    """

    events: Sequence[Event]
    payloads: Sequence[Payload]
    number_of: Mapping[EventId, int]
    starts: Sequence[int]
    ends: Sequence[int]
    event_of: Sequence[int]
    chains: Sequence[Chain]
    chain_of: Sequence[int]
    chain_nodes: Sequence[Sequence[int]]
    edges: Sequence[Edge]
    notes: Mapping[str, int]
    clock_issues: Sequence[ClockIssue]
    missing_parents: Sequence[EventId]
    begins_ns: Sequence[int]
    finishes_ns: Sequence[int]

    def interval_ns(self, event: int) -> tuple[int, int]:
        """Return when an event began and ended on its own host's wall clock."""
        return self.begins_ns[event], self.finishes_ns[event]


def build_graph(events: Sequence[Event]) -> CausalGraph:
    """Return the causal graph of a trace; duplicates among `events` are removed first."""
    unique, conflicts = distinct(events)
    notes = {"conflicting_duplicate": conflicts} if conflicts else {}
    table = table_of(unique)
    chain_of, chains = chains_of(table)
    nodes = nodes_of(table)
    chain_nodes = chain_nodes_of(table, nodes, chain_of, start_order(table), len(chains))
    edges = inferred_edges(table, nodes, chain_of, chain_nodes)
    return CausalGraph(
        events=unique,
        payloads=table.payloads,
        number_of=table.number_of,
        starts=nodes.starts,
        ends=nodes.ends,
        event_of=nodes.event_of,
        chains=chains,
        chain_of=chain_of,
        chain_nodes=chain_nodes,
        edges=edges,
        notes=notes,
        clock_issues=(),
        missing_parents=table.missing_parents,
        begins_ns=table.begins,
        finishes_ns=table.finishes,
    )
