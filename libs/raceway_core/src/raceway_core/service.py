"""Services of one trace: what each recorded, and who called whom how often, and by what.

A call is one way from a service into another, not an event: all that a callee did for one event or
span of the caller is one call, and so is one message received.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from raceway_core.call_time import Sides, call_times_of
from raceway_core.causal_graph import CausalGraph
from raceway_core.event import MessageReceive, MessageSend
from raceway_core.graph.event_table import NONE
from raceway_core.link import links_received, links_sent
from raceway_core.result import Call, CallTimes, Link, ServiceCount

_Way = tuple[str, str, Hashable]
"""A caller, a callee, and what tells this way between the two from others."""


def services_of(graph: CausalGraph) -> tuple[ServiceCount, ...]:
    """Return the services by name, with the number of their events."""
    services = [chain.process.service for chain in graph.chains]
    counts = dict.fromkeys(sorted(services), 0)
    for chain, count in Counter(graph.chain_of).items():
        counts[services[chain]] += count
    return tuple([ServiceCount(name, count) for name, count in counts.items()])


class Traffic(NamedTuple):
    """How often each service called another by each link, and how long that took; sorted by names."""

    calls: tuple[Call, ...] = ()
    times: tuple[CallTimes, ...] = ()


def traffic_of(graph: CausalGraph) -> Traffic:
    """Return who called whom. Time: O(n), O(chains) where there is one service."""
    if len({chain.process.service for chain in graph.chains}) == 1:
        return Traffic()
    names = [event.metadata.service_name for event in graph.events]
    links: dict[_Way, Link] = {}
    sides: dict[_Way, Sides] = {}
    for way, link, side in _ways(graph, names):
        links[way] = _clearer(links.get(way), link)
        if side is not None:
            sides.setdefault(way, side)
    counts = Counter((caller, callee, _RANK[link]) for (caller, callee, _), link in links.items())
    calls = tuple(Call(*place[:2], counts[place], _LINKS[place[2]]) for place in sorted(counts))
    return Traffic(calls, call_times_of(graph, ((way[:2], side) for way, side in sides.items())))


_LINKS = tuple(Link)
_RANK = {link: rank for rank, link in enumerate(_LINKS)}


def _clearer(known: Link | None, other: Link) -> Link:
    """Return the link that counts where two events tell different ones of one way."""
    return other if known is None or _RANK[other] < _RANK[known] else known


def _ways(graph: CausalGraph, names: list[str]) -> Iterator[tuple[_Way, Link, Sides | None]]:
    """Yield each way, its link as one event tells it, and the events that measure it."""
    sent, received = links_sent(graph.payloads), links_received(graph.payloads)
    yield from _by_parent(graph, names, sent, received)
    yield from _by_span(graph, names, sent, received)
    yield from _by_message(graph, names)


def _by_parent(
    graph: CausalGraph, names: list[str], sent: dict[int, Link], received: dict[int, Link]
) -> Iterator[tuple[_Way, Link, Sides | None]]:
    for event, parent in enumerate(graph.parents):
        if parent != NONE and names[parent] != names[event]:
            link = sent.get(parent) or received.get(event, Link.CUSTOM)
            yield (names[parent], names[event], parent), link, Sides(parent, event)


def _by_span(
    graph: CausalGraph, names: list[str], sent: dict[int, Link], received: dict[int, Link]
) -> Iterator[tuple[_Way, Link, Sides | None]]:
    callers: dict[str, str] = {}
    for event, name in zip(graph.events, names, strict=True):
        if event.metadata.distributed_span_id:
            callers.setdefault(event.metadata.distributed_span_id, name)
    if not callers:
        return
    of_span = _links_by_span(graph, sent)
    for number, parent in enumerate(graph.parents):
        metadata = graph.events[number].metadata
        upstream = metadata.upstream_span_id
        if upstream and parent == NONE and callers.get(upstream, names[number]) != names[number]:
            link = received.get(number) or of_span.get(upstream, Link.CUSTOM)
            yield (
                (callers[upstream], names[number], (upstream, metadata.distributed_span_id)),
                link,
                Sides(None, number),
            )


def _links_by_span(graph: CausalGraph, sent: dict[int, Link]) -> dict[str, Link]:
    """Return by what each span reached others.

    The request that a span itself received is left out, and so are its queries: that a span asked a
    database does not tell by what it reached a service.
    """
    links: dict[str, Link] = {}
    for number, link in sent.items():
        metadata = graph.events[number].metadata
        was_received = graph.parents[number] == NONE and metadata.upstream_span_id
        span = metadata.distributed_span_id
        if span and not was_received and link is not Link.DATABASE:
            links[span] = _clearer(links.get(span), link)
    return links


def _by_message(graph: CausalGraph, names: list[str]) -> Iterator[tuple[_Way, Link, None]]:
    senders: dict[tuple[str, str], str] = {}
    for event, sent in graph.payloads.of(MessageSend):
        senders.setdefault((sent.message_id, sent.queue), names[event])
    for event, received in graph.payloads.of(MessageReceive):
        sender = senders.get((received.message_id, received.queue))
        if sender is not None and sender != names[event] and graph.parents[event] == NONE:
            yield (sender, names[event], (received.queue, event)), Link.MESSAGE, None
