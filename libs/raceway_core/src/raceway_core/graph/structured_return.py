"""Structured returns: a call is assumed not to end before the work that it started.

Where an SDK records no await, the last that a chain did for a parent is ordered before the end of
that parent, if the parent's interval encloses it on the same host's clock. This is how structured
programs behave, and the only order that rests on wall time; so it is shown as assumed. A span that is
detached (`raceway_core.graph.detached`) is no such work, nor is what it leads to.
"""

from __future__ import annotations

from collections.abc import Iterator

from raceway_core.graph.edge import Edge, EdgeKind
from raceway_core.graph.event_table import NONE
from raceway_core.graph.layout import Layout
from raceway_core.graph.parent_order import parents_first


def return_edges(layout: Layout) -> Iterator[Edge]:
    """Yield an edge for each chain and each enclosing parent that it worked for. Time: O(n)."""
    employers = _employers(layout)
    table, chain_of = layout.table, layout.chains.of_event
    for chain, nodes in enumerate(layout.chain_nodes):
        last: dict[int, int] = {}
        for node in nodes:
            if (employer := employers[layout.nodes.event_of[node]]) != NONE:
                last[employer] = node
        for employer, node in last.items():
            event = layout.nodes.event_of[node]
            is_enclosed = table.begins[employer] <= table.begins[event]
            is_enclosed &= table.finishes[event] <= table.finishes[employer]
            if is_enclosed and layout.are_on_one_host(chain, chain_of[employer]):
                yield Edge(node, layout.nodes.ends[employer], EdgeKind.RETURN)


def _employers(layout: Layout) -> list[int]:
    """Return for each event the innermost interval of another chain that it works for, or NONE."""
    table, chain_of = layout.table, layout.chains.of_event
    spans = [NONE] * len(chain_of)
    employers = [NONE] * len(chain_of)
    for event in parents_first(table.parents):
        parent = table.parents[event]
        if parent != NONE and event not in layout.detached:
            is_same = chain_of[parent] == chain_of[event]
            employers[event] = employers[parent] if is_same else spans[parent]
            spans[event] = spans[parent]
        if table.finishes[event] > table.begins[event]:
            spans[event] = event
    return employers
