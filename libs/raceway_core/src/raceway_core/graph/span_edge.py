"""Edges between spans beside their tree: links, and the answers of remote calls.

    link       the span that a link names began before the span that has the link
    response   what served a call ended before the call did, whatever the hosts' clocks differ by

A server's end orders the end of its client only where the stamps agree: a call that timed out ended
before the answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from raceway_core.event import EventId, Span, SpanKind
from raceway_core.graph.edge import Edge, EdgeKind
from raceway_core.graph.event_table import NONE
from raceway_core.graph.layout import Layout


def span_edges(layout: Layout) -> Iterator[Edge]:
    """Yield the edges. Time: O(spans + links)."""
    for event, span in layout.table.payloads.of(Span):
        yield from _link_edges(layout, event, span.links)
        if span.span_kind is SpanKind.SERVER and _is_answer(layout, event):
            client = layout.table.parents[event]
            yield Edge(layout.nodes.ends[event], layout.nodes.ends[client], EdgeKind.RESPONSE)


def _link_edges(layout: Layout, event: int, links: tuple[EventId, ...]) -> Iterator[Edge]:
    for link in links:
        cause = layout.table.number_of.get(link, event)
        if cause != event:
            yield Edge(layout.nodes.starts[cause], layout.nodes.starts[event], EdgeKind.LINK)


def _is_answer(layout: Layout, event: int) -> bool:
    table = layout.table
    client = table.parents[event]
    if client == NONE or table.finishes[event] > table.finishes[client]:
        return False
    caller = table.payloads[client]
    return isinstance(caller, Span) and caller.span_kind is SpanKind.CLIENT
