"""Who waits: tasks whose request for a lock was never granted, and parents that await a task.

A request is pending if it is the last that its chain did: the chain stands there still, for all that
the record says. A chain that did anything later was granted the lock, or gave up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph, EdgeKind
from raceway_core.event import AsyncAwait, LockRequest
from raceway_core.identity import Lock, Process, lock_of
from raceway_core.locking.span import Places, Span
from raceway_core.lockset import Lockset, is_reentrant, lockset_of
from raceway_core.options import Options

MOST_LINES = 8
"""So many different lines of waiting parents are looked at of one task, and so long ones."""


class Pending(NamedTuple):
    """A request that its chain still waits for; `place` is that of its node."""

    chain: int
    event: int
    place: int
    lock: Lock
    is_reentrant: bool


class Waiter(NamedTuple):
    """A chain that awaits another at `event`, the node at `place`, from its event `since` on."""

    chain: int
    event: int
    place: int
    since: int | None
    held: Lockset


def pending_of(graph: CausalGraph, options: Options) -> dict[int, Pending]:
    """Return by chain the request that was never granted. Time: O(requests)."""
    pending = {}
    for event, request in graph.payloads.of(LockRequest):
        chain = graph.chain_of[event]
        nodes = graph.chain_nodes[chain]
        if nodes[-1] == graph.ends[event]:
            lock = lock_of(request, graph.chains[chain].process, options.lock_scope)
            pending[chain] = Pending(chain, event, len(nodes) - 1, lock, is_reentrant(request))
    return pending


def awaits_of(graph: CausalGraph) -> dict[int, list[int]]:
    """Return by chain the events that await it, told by its name or by an edge. Time: O(n)."""
    awaits = graph.payloads.of(AsyncAwait)
    if not awaits:
        return {}
    named: dict[tuple[Process, str], list[int]] = {}
    for number, chain in enumerate(graph.chains):
        named.setdefault((chain.process, chain.name), []).append(number)
    found: dict[int, dict[int, None]] = {}
    for event, wait in awaits:
        process = graph.chains[graph.chain_of[event]].process
        for awaited in named.get((process, wait.future_id), ()):
            found.setdefault(awaited, {})[event] = None
    for edge in graph.edges:
        if edge.kind is EdgeKind.AWAIT:
            awaited = graph.chain_of[graph.event_of[edge.source]]
            found.setdefault(awaited, {})[graph.event_of[edge.target]] = None
    return {
        chain: [event for event in events if graph.chain_of[event] != chain]
        for chain, events in found.items()
    }


def waiters_of(
    graph: CausalGraph, spans: Mapping[int, Sequence[Span]], places: Places
) -> dict[int, list[tuple[Waiter, ...]]]:
    """Return by chain the lines of waiting parents that hold a lock: its parent, the parent's, ….

    Time: O(n + awaits · holds of their chains).
    """
    awaited = {
        chain: [_waiter(graph, event, spans, places) for event in events]
        for chain, events in awaits_of(graph).items()
    }
    if not any(waiter.held for waiters in awaited.values() for waiter in waiters):
        return {}
    lines = {chain: list(_lines_above(chain, awaited)) for chain in awaited}
    return {chain: of_chain for chain, of_chain in lines.items() if of_chain}


def _waiter(graph: CausalGraph, event: int, spans: Mapping[int, Sequence[Span]], places: Places) -> Waiter:
    chain = graph.chain_of[event]
    place = places.of(graph.ends[event])
    before = graph.event_of[graph.chain_nodes[chain][place - 1]] if place else None
    held = lockset_of(span.lock for span in spans.get(chain, ()) if span.begin < place < span.end)
    return Waiter(chain, event, place, None if before == event else before, held)


def _lines_above(chain: int, awaited: Mapping[int, Sequence[Waiter]]) -> Iterator[tuple[Waiter, ...]]:
    """Yield the lines that end in a parent with a lock; each lower one may hold none."""
    lines: list[tuple[Waiter, ...]] = [(waiter,) for waiter in awaited[chain]]
    for line in lines:
        if line[-1].held:
            yield line
        on_line = {chain, *(waiter.chain for waiter in line)}
        above = (waiter for waiter in awaited.get(line[-1].chain, ()) if waiter.chain not in on_line)
        lines.extend((*line, waiter) for waiter in above if len(lines) < MOST_LINES)
