"""The causal graph: the events of one trace, the chains they ran on, and what led to what.

Built by `build_graph`; ordered by `raceway_core.clock`. Everything is numbered: an event by its
place in `events`, a node by its place in `event_of`; a parent that is not there is -1. An event
without a duration is one node, one with a duration has a node for its start and one for its end; so
`starts[e] == ends[e]` tells a point event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from raceway_core.event import Event, EventId
from raceway_core.event_set import distinct
from raceway_core.graph.chain import Chain, chains_of
from raceway_core.graph.clock_check import ClockIssue, check_clocks
from raceway_core.graph.cycle import break_cycles
from raceway_core.graph.detached import detached_of
from raceway_core.graph.edge import Edge, EdgeKind
from raceway_core.graph.event_table import EventTable, table_of
from raceway_core.graph.inferred_edge import clock_edges, inferred_edges
from raceway_core.graph.layout import Layout
from raceway_core.graph.linear_order import leads_ahead, linear_extension
from raceway_core.graph.lost import count_of, lost_of
from raceway_core.graph.payloads import Payloads
from raceway_core.graph.program_order import chain_nodes_of, nodes_of

__all__ = ["CausalGraph", "Chain", "ClockIssue", "Edge", "EdgeKind", "build_graph"]

_MOST_SHOWN = 20


class CausalGraph(msgspec.Struct, frozen=True):
    """See the module. `notes` counts by kind what was found odd; the graph is acyclic.

    `chain_nodes[c]` are the nodes of chain c in program order; `edges` are the others, between
    chains. `missing_parents` are parent ids that no event of the trace has, `detached` the spans that
    their parents did not wait for. `order` has the nodes in a linear extension: every cause comes
    before its effects.
    """

    events: Sequence[Event]
    payloads: Payloads
    number_of: Mapping[EventId, int]
    parents: Sequence[int]
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
    order: Sequence[int]
    detached: frozenset[int] = frozenset()

    @property
    def has_intervals(self) -> bool:
        """Whether any event has a duration. Else each node has its event's number."""
        return self.begins_ns is not self.finishes_ns

    def interval_ns(self, event: int) -> tuple[int, int]:
        """Return when an event began and ended on its own host's wall clock."""
        return self.begins_ns[event], self.finishes_ns[event]

    def time_ns(self, node: int) -> int:
        """Return when a node was on its own host's wall clock."""
        event = self.event_of[node]
        return self.finishes_ns[event] if node == self.ends[event] else self.begins_ns[event]

    def times_ns(self) -> Sequence[int]:
        """Return what `time_ns` does for all nodes."""
        return list(map(self.time_ns, range(len(self.event_of)))) if self.has_intervals else self.begins_ns


def build_graph(events: Sequence[Event]) -> CausalGraph:
    """Return the causal graph of a trace; duplicates among `events` are removed first."""
    unique, times_ns, conflicts = distinct(events)
    table = table_of(unique, times_ns)
    lost = lost_of(table)
    check = check_clocks(table, lost)
    detached = detached_of(table)
    chains = chains_of(table, check.place_of, check.copies, detached)
    nodes = nodes_of(table)
    chain_nodes = chain_nodes_of(table, nodes, chains.of_event, check.place_of)
    layout = Layout(table, nodes, chains, chain_nodes, check.place_of, detached)
    edges, order, cycles = _ordered(layout, [*inferred_edges(layout), *clock_edges(layout, check.order)])
    issues = [*check.issues, *(_cycle_issue(table, cycle) for cycle in [*table.loops, *cycles])]
    notes = {
        "conflicting_duplicate": conflicts,
        "events_lost": count_of(lost.values()),
        "linear_parents": chains.lines,
        "missing_component": len(check.missing),
    }
    return CausalGraph(
        events=unique,
        payloads=table.payloads,
        number_of=table.number_of,
        parents=table.parents,
        starts=nodes.starts,
        ends=nodes.ends,
        event_of=nodes.event_of,
        chains=chains.chains,
        chain_of=chains.of_event,
        chain_nodes=chain_nodes,
        edges=edges,
        notes={kind: count for kind, count in notes.items() if count},
        clock_issues=issues,
        missing_parents=table.missing_parents,
        begins_ns=table.begins,
        finishes_ns=table.finishes,
        order=order,
        detached=detached,
    )


def _ordered(
    layout: Layout, edges: Sequence[Edge]
) -> tuple[Sequence[Edge], Sequence[int], Sequence[Sequence[int]]]:
    """Return the edges without cycles, the nodes in a linear extension, and the cycles' events."""
    size = len(layout.nodes.event_of)
    if leads_ahead(layout.chain_nodes, edges):
        return edges, range(size), ()
    order, _ = linear_extension(layout.chain_nodes, edges)
    if len(order) == size:
        return edges, order, ()
    edges, cycles = break_cycles(layout, edges)
    return edges, linear_extension(layout.chain_nodes, edges)[0], cycles


def _cycle_issue(table: EventTable, cycle: Sequence[int]) -> ClockIssue:
    ids = [table.events[event].id for event in cycle]
    shown = ", ".join(ids[:_MOST_SHOWN]) + (f" and {len(ids) - _MOST_SHOWN} more" * (len(ids) > _MOST_SHOWN))
    return ClockIssue("cycle", ids[0], f"each of these is said to be before the others: {shown}")
