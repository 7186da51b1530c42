"""Services of one trace: what each recorded, and who called whom how often, and by what.

A call is one way from a service into another, not an event: all that a callee did for one event or
span of the caller is one call, and so is one message received.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import MessageReceive, MessageSend
from raceway_core.graph.event_table import NONE
from raceway_core.link import received_by, sent_by
from raceway_core.result import Call, Link, ServiceCount

_STRENGTH = {link: rank for rank, link in enumerate(Link)}


class _Way(NamedTuple):
    """One way from a service into another; `key` tells it from other ways between the two."""

    caller: str
    callee: str
    key: Hashable


def services_of(graph: CausalGraph) -> tuple[ServiceCount, ...]:
    """Return the services by name, with the number of their events."""
    services = [chain.process.service for chain in graph.chains]
    counts = dict.fromkeys(sorted(services), 0)
    for chain, count in Counter(graph.chain_of).items():
        counts[services[chain]] += count
    return tuple([ServiceCount(name, count) for name, count in counts.items()])


def calls_of(graph: CausalGraph) -> tuple[Call, ...]:
    """Return how often each service called another by each link, sorted by names. Time: O(n)."""
    if len({chain.process.service for chain in graph.chains}) == 1:
        return ()
    names = [event.metadata.service_name for event in graph.events]
    links: dict[_Way, Link] = {}
    for way, link in _ways(graph, names):
        if way.caller != way.callee:
            links[way] = min(links.get(way, link), link, key=_STRENGTH.__getitem__)
    counts = Counter((way.caller, way.callee, _STRENGTH[link], link) for way, link in links.items())
    places = sorted(counts, key=lambda place: place[:3])
    return tuple(Call(*place[:2], counts[place], place[3]) for place in places)


def _ways(graph: CausalGraph, names: list[str]) -> Iterator[tuple[_Way, Link]]:
    yield from _by_parent(graph, names)
    yield from _by_span(graph, names)
    yield from _by_message(graph, names)


def _by_parent(graph: CausalGraph, names: list[str]) -> Iterator[tuple[_Way, Link]]:
    for event, parent in enumerate(graph.parents):
        if parent != NONE and names[parent] != names[event]:
            link = sent_by(graph.events[parent].payload) or received_by(graph.events[event].payload)
            yield _Way(names[parent], names[event], parent), link or Link.CUSTOM


def _by_span(graph: CausalGraph, names: list[str]) -> Iterator[tuple[_Way, Link]]:
    callers: dict[str, str] = {}
    sent: dict[str, Link] = {}
    for event, parent, name in zip(graph.events, graph.parents, names, strict=True):
        if span := event.metadata.distributed_span_id:
            callers.setdefault(span, name)
            was_received = parent == NONE and event.metadata.upstream_span_id
            if not was_received and (link := sent_by(event.payload)):
                sent[span] = min(sent.get(span, link), link, key=_STRENGTH.__getitem__)
    for event, parent, name in zip(graph.events, graph.parents, names, strict=True):
        upstream = event.metadata.upstream_span_id
        if upstream and parent == NONE and upstream in callers:
            link = received_by(event.payload) or sent.get(upstream) or Link.CUSTOM
            yield _Way(callers[upstream], name, (upstream, event.metadata.distributed_span_id)), link


def _by_message(graph: CausalGraph, names: list[str]) -> Iterator[tuple[_Way, Link]]:
    senders: dict[tuple[str, str], str] = {}
    for event, sent in graph.payloads.of(MessageSend):
        senders.setdefault((sent.message_id, sent.queue), names[event])
    for event, received in graph.payloads.of(MessageReceive):
        sender = senders.get((received.message_id, received.queue))
        if sender is not None and graph.parents[event] == NONE:
            yield _Way(sender, names[event], (received.queue, event)), Link.MESSAGE
