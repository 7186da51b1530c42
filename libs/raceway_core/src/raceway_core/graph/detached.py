"""Detached spans: work that somebody began and did not wait for.

A span is detached from its parent where it says so itself (OpenTracing's `FOLLOWS_FROM`), and where
a message lies between the two: a consumer whose parent is the producer or runs elsewhere, and
whatever a producer's message led to in another process. What is detached begins after its parent
did; its end says nothing about the parent.

Sources: the OpenTracing specification ("References between spans") and OpenTelemetry's ("SpanKind").
"""

from __future__ import annotations

from raceway_core.event import Span, SpanKind
from raceway_core.graph.event_table import NONE, EventTable


def detached_of(table: EventTable) -> frozenset[int]:
    """Return the spans that are detached from their parents. Time: O(spans)."""
    spans = table.payloads.of(Span)
    return frozenset(event for event, span in spans if span.follows_from or _is_message(table, event, span))


def _is_message(table: EventTable, event: int, span: Span) -> bool:
    parent = table.parents[event]
    if parent == NONE:
        return False
    sender = table.payloads[parent]
    was_produced = isinstance(sender, Span) and sender.span_kind is SpanKind.PRODUCER
    is_consumer = span.span_kind is SpanKind.CONSUMER
    if was_produced and is_consumer:
        return True
    strands, strand_of = table.strands, table.strand_of
    is_elsewhere = strands[strand_of[event]].process != strands[strand_of[parent]].process
    return is_elsewhere and (was_produced or is_consumer)
