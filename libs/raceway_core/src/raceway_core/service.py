"""Services of one trace: what each recorded, and who called whom how often.

A call is one way from a service into another, not an event: all that a callee did for one event or
span of the caller is one call, and so is one message received.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import MessageReceive, MessageSend
from raceway_core.graph.event_table import NONE
from raceway_core.result import Call, ServiceCount


def services_of(graph: CausalGraph) -> tuple[ServiceCount, ...]:
    """Return the services by name, with the number of their events."""
    services = [chain.process.service for chain in graph.chains]
    counts = dict.fromkeys(sorted(services), 0)
    for chain, count in Counter(graph.chain_of).items():
        counts[services[chain]] += count
    return tuple([ServiceCount(name, count) for name, count in counts.items()])


def calls_of(graph: CausalGraph) -> tuple[Call, ...]:
    """Return how often each service called another, sorted by their names. Time: O(n)."""
    if len({chain.process.service for chain in graph.chains}) == 1:
        return ()
    names = [event.metadata.service_name for event in graph.events]
    ways = {*_by_parent(graph, names), *_by_span(graph, names), *_by_message(graph, names)}
    counts = Counter((caller, callee) for caller, callee, _ in ways if caller != callee)
    return tuple(Call(caller, callee, counts[caller, callee]) for caller, callee in sorted(counts))


def _by_parent(graph: CausalGraph, names: list[str]) -> Iterator[tuple[str, str, Hashable]]:
    for event, parent in enumerate(graph.parents):
        if parent != NONE:
            yield names[parent], names[event], parent


def _by_span(graph: CausalGraph, names: list[str]) -> Iterator[tuple[str, str, Hashable]]:
    callers: dict[str, str] = {}
    for event, name in zip(graph.events, names, strict=True):
        if event.metadata.distributed_span_id:
            callers.setdefault(event.metadata.distributed_span_id, name)
    for event, parent, name in zip(graph.events, graph.parents, names, strict=True):
        upstream = event.metadata.upstream_span_id
        if upstream and parent == NONE and upstream in callers:
            yield callers[upstream], name, (upstream, event.metadata.distributed_span_id)


def _by_message(graph: CausalGraph, names: list[str]) -> Iterator[tuple[str, str, Hashable]]:
    senders: dict[tuple[str, str], str] = {}
    for event, sent in graph.payloads.of(MessageSend):
        senders.setdefault((sent.message_id, sent.queue), names[event])
    for event, received in graph.payloads.of(MessageReceive):
        sender = senders.get((received.message_id, received.queue))
        if sender is not None and graph.parents[event] == NONE:
            yield sender, names[event], (received.queue, event)
