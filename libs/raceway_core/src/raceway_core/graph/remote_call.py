"""Remote calls: which request opened which work in another process, and which response ended it.

The first event of the callee says where it comes from: by its parent, if that is in another process,
or by `upstream_span_id`, the span of the caller. A span may have sent several requests; then the
earliest of them is taken, which is true of all, and no response is assigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from raceway_core.event import HttpRequest, HttpResponse
from raceway_core.graph.edge import Edge, EdgeKind
from raceway_core.graph.event_table import NONE
from raceway_core.graph.layout import Layout
from raceway_core.graph.parent_order import parents_first


class _Call(NamedTuple):
    """A request and the first event of what it opened. `is_certain`: no other request could have."""

    request: int
    entry: int
    is_certain: bool


def call_edges(layout: Layout) -> Iterator[Edge]:
    """Yield the request and response edges between processes. Time: O(n)."""
    if len({strand.process for strand in layout.table.strands}) == 1:
        return
    entry_of = _entries(layout)
    calls = list(_calls(layout, entry_of))
    for call in calls:
        yield Edge(layout.nodes.starts[call.request], layout.nodes.starts[call.entry], EdgeKind.REQUEST)
    received = _responses(layout, {call.request for call in calls})
    sent = {
        entry_of[event]: event
        for event, payload in enumerate(layout.table.payloads)
        if type(payload) is HttpResponse and event not in received.values()
    }
    for call in calls:
        if call.is_certain and call.request in received and call.entry in sent:
            source, target = sent[call.entry], received[call.request]
            yield Edge(layout.nodes.ends[source], layout.nodes.ends[target], EdgeKind.RESPONSE)


def _entries(layout: Layout) -> list[int]:
    """Return for each event the first event of its process that led to it, by parents or span."""
    events = layout.table.events
    entries = [NONE] * len(events)
    of_span: dict[tuple[object, str | None, str | None], int] = {}
    for event in parents_first(layout.table.parents):
        metadata = events[event].metadata
        parent = layout.local_parent(event)
        if parent != NONE:
            entries[event] = entries[parent]
        elif metadata.distributed_span_id or metadata.upstream_span_id:
            key = (layout.process(event), metadata.distributed_span_id, metadata.upstream_span_id)
            entries[event] = of_span.setdefault(key, event)
        else:
            entries[event] = event
    return entries


def _calls(layout: Layout, entry_of: list[int]) -> Iterator[_Call]:
    entries = [event for event, entry in enumerate(entry_of) if event == entry]
    table = layout.table
    requests = _requests_by_span(layout)
    fans: dict[str, int] = {}
    for entry in entries:
        upstream = table.events[entry].metadata.upstream_span_id
        if upstream and table.parents[entry] == NONE:
            fans[upstream] = fans.get(upstream, 0) + 1
    for entry in entries:
        parent, upstream = table.parents[entry], table.events[entry].metadata.upstream_span_id
        if parent != NONE:
            if type(table.payloads[parent]) is HttpRequest:
                yield _Call(parent, entry, is_certain=True)
        elif upstream and (candidates := requests.get(upstream)):
            is_certain = len(candidates) == 1 and fans[upstream] == 1
            yield _Call(candidates[0], entry, is_certain)


def _requests_by_span(layout: Layout) -> dict[str, list[int]]:
    """Return for each span the requests that it sent, else the first event that it has."""
    sent: dict[str, list[int]] = {}
    first: dict[str, list[int]] = {}
    for event, payload in enumerate(layout.table.payloads):
        metadata = layout.table.events[event].metadata
        if span := metadata.distributed_span_id:
            first.setdefault(span, [event])
            was_received = metadata.upstream_span_id and layout.local_parent(event) == NONE
            if type(payload) is HttpRequest and not was_received:
                sent.setdefault(span, []).append(event)
    return {**first, **sent}


def _responses(layout: Layout, requests: set[int]) -> dict[int, int]:
    """Return for each request that was sent the response that its sender received."""
    received: dict[int, int] = {}
    for nodes in layout.chain_nodes:
        unanswered: list[int] = []
        for node in nodes:
            event = layout.nodes.event_of[node]
            kind = type(layout.table.payloads[event])
            if kind is HttpRequest and (event in requests or layout.local_parent(event) != NONE):
                unanswered.append(event)
            elif kind is HttpResponse and unanswered:
                parent = layout.table.parents[event]
                answered = parent if parent in unanswered else unanswered[-1]
                unanswered.remove(answered)
                received[answered] = event
    return received
