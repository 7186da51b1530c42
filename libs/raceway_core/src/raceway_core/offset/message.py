"""Messages between hosts: each says that one clock's stamp is not later than another's.

Any edge of the causal graph will do, whatever it is called: a request, a response, a message, a span
begun elsewhere. What happened before cannot have happened after, whatever the two hosts' clocks show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import EventId, TraceId


class Message(NamedTuple):
    """Something that left one host before it reached another, by the stamps of each."""

    sender: str
    receiver: str
    sent_ns: int
    received_ns: int
    trace_id: TraceId
    event_id: EventId

    @property
    def bound_ns(self) -> int:
        """The least by which the receiver's correction exceeds the sender's."""
        return self.sent_ns - self.received_ns

    @property
    def when_ns(self) -> int:
        """Its time on the clock of that of the two hosts whose name comes first."""
        return self.sent_ns if self.sender < self.receiver else self.received_ns


def messages_of(graph: CausalGraph) -> Iterator[Message]:
    """Yield the messages between known hosts. Time: O(edges), O(chains) where there is one host."""
    for source, target in crossings_of(graph):
        cause, effect = graph.event_of[source], graph.event_of[target]
        sender, receiver = (graph.chains[graph.chain_of[event]].host for event in (cause, effect))
        event = graph.events[effect]
        times = (graph.time_ns(source), graph.time_ns(target))
        yield Message(sender, receiver, *times, event.trace_id, event.id)


def crossings_of(graph: CausalGraph) -> Iterator[tuple[int, int]]:
    """Yield the edges from one known host to another, as nodes. Time: as `messages_of`."""
    hosts = [chain.host for chain in graph.chains]
    if len(set(hosts)) == 1:
        return
    host_of = [hosts[chain] for chain in graph.chain_of]
    for source, target in dict.fromkeys((source, target) for source, target, _ in graph.edges):
        sender, receiver = host_of[graph.event_of[source]], host_of[graph.event_of[target]]
        if sender and receiver and sender != receiver:
            yield source, target
