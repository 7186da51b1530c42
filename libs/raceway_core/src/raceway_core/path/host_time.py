"""Times of a trace on one clock: where the stamps of two hosts contradict causality, one clock is off.

Then a whole host is shifted into the middle of what the messages of the trace allow
(`raceway_core.clock_offset`). Where nothing contradicts, or nothing can be made of it, stamps stay as
they are; raw times are never rewritten, only what is computed from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock_offset import Offset, offsets_without_steps
from raceway_core.offset.message import messages_of


def host_shifts_ns(graph: CausalGraph) -> Sequence[int] | None:
    """Return by chain what to add to its stamps, None where nothing needs to be.

    Time: O(edges + hosts³), O(chains) where there is one host.
    """
    if len(graph.chains) == 1:
        return None
    messages = list(messages_of(graph))
    if all(message.bound_ns <= 0 for message in messages):
        return None
    shift_of = {offset.host: _middle(offset) for offset in offsets_without_steps(messages)}
    return [shift_of.get(chain.host, 0) for chain in graph.chains]


def times_on_one_clock(graph: CausalGraph, shifts_ns: Sequence[int] | None) -> Sequence[int]:
    """Return the time of each node, shifted by its chain. Time: O(nodes)."""
    times_ns = graph.times_ns()
    if shifts_ns is None:
        return times_ns
    chain_of, event_of = graph.chain_of, graph.event_of
    return [time + shifts_ns[chain_of[event]] for time, event in zip(times_ns, event_of, strict=True)]


def _middle(offset: Offset) -> int:
    known = [bound for bound in (offset.low_ns, offset.high_ns) if bound is not None]
    return sum(known) // len(known)
