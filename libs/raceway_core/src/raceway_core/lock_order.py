"""Lock order: what H adds to C, from the release of a lock to its next acquire.

The holds of one lock are put in the order in which they were granted: by the lock's own counter,
`grant`, where it was sent, else by the clock of the one process that holds it; across processes
without grants nobody knows the order. A release leads to the next acquire, except between two shared
holds, which exclude nobody:

    exclusive ──► shared ──► exclusive ──► exclusive
              └─► shared ─┘

Stamps that contradict the holding, an acquire not later than the release before it, order nothing.

Sources: Lamport 1978; O'Callahan & Choi 2003 (the hybrid of locksets and happens-before).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from raceway_core.causal_graph import CausalGraph, Edge, EdgeKind
from raceway_core.event import LockMode
from raceway_core.identity import Process
from raceway_core.lockset import Hold


def lock_edges(graph: CausalGraph, holds: Sequence[Hold]) -> list[Edge]:
    """Return the edges between chains that the grants of locks add. Time: O(h log h), h holds."""
    edges: list[Edge] = []
    for sequence in _sequences(graph, holds):
        for release, first, second in _handovers(sequence):
            is_news = graph.chain_of[release] != graph.chain_of[second.acquire]
            if is_news and _is_before(graph, release, first, second):
                edges.append(Edge(graph.ends[release], graph.ends[second.acquire], EdgeKind.LOCK))
    return edges


def _sequences(graph: CausalGraph, holds: Iterable[Hold]) -> Iterator[list[Hold]]:
    """Yield the holds of one lock that have one order, in it."""
    by_grant: dict[tuple[str, str], list[Hold]] = {}
    by_clock: dict[tuple[str, str, Process], list[Hold]] = {}
    for hold in holds:
        name, scope_key, _ = hold.lock
        if hold.grant is not None:
            by_grant.setdefault((name, scope_key), []).append(hold)
        else:
            process = graph.chains[graph.chain_of[hold.acquire]].process
            by_clock.setdefault((name, scope_key, process), []).append(hold)
    for granted in by_grant.values():
        yield sorted(granted, key=lambda hold: (hold.grant or 0, hold.acquire))
    for clocked in by_clock.values():
        yield sorted(clocked, key=lambda hold: (graph.finishes_ns[hold.acquire], hold.acquire))


def _handovers(sequence: Iterable[Hold]) -> Iterator[tuple[int, Hold, Hold]]:
    """Yield each release with its hold, and each hold that had to wait for it."""
    exclusive: list[tuple[int, Hold]] = []
    shared: list[tuple[int, Hold]] = []
    for hold in sequence:
        is_shared = hold.lock.mode is LockMode.SHARED
        for release, before in exclusive if is_shared else (*exclusive, *shared):
            yield release, before, hold
        if hold.release is None:
            continue
        if is_shared:
            shared.append((hold.release, hold))
        else:
            exclusive, shared = [(hold.release, hold)], []


def _is_before(graph: CausalGraph, release: int, first: Hold, second: Hold) -> bool:
    if first.grant is not None and second.grant is not None:
        return first.grant < second.grant
    return graph.finishes_ns[release] < graph.finishes_ns[second.acquire]
