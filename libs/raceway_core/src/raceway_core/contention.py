"""Contention: how long each lock of a trace was held and waited for, by whom, and how waits add up.

A task waits from its request for a lock, or from the start of an acquire that has a duration, until it
is granted. The wait is *contended* if another task of the trace held the lock meanwhile in a way that
excludes it (`raceway_core.locking.wait_chain`); the rest is what a free lock costs, or another trace: of
a server each request is a trace of its own, so locks are ranked by the whole time they were waited for.

Holds and waits are compared on the clock of their own process only. A hold that is still open at the
end of the trace has no length, and a request that was never granted is no wait.

Source: Tallent, Mellor-Crummey, Porterfield 2010 (blame for lock contention lies with the owner).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import LockAcquire, LockPayload, LockRequest
from raceway_core.evidence import thread_of
from raceway_core.lock_use import uses_of
from raceway_core.locking.span import Places
from raceway_core.locking.wait_chain import chain_lengths
from raceway_core.lockset import Hold
from raceway_core.options import Options
from raceway_core.result import LockHold, TraceLocks

MOST_HOLDS = 10_000
"""So many holds of a trace are listed."""

NONE = TraceLocks()


def contention_of(graph: CausalGraph, holds: Sequence[Hold], options: Options) -> TraceLocks:
    """Return how the locks of a trace were used.

    Time: O(n) where one chain holds locks, else O(n + h·d log h), h holds, d locks held at once.
    """
    if not holds:
        return NONE
    waits = _waits(graph, holds, options)
    lengths: Mapping[int, int] = {}
    names: Mapping[int, str] = {}
    if len({graph.chain_of[hold.acquire] for hold in holds}) > 1:
        lengths = chain_lengths(graph, holds, waits)
        names = _names(graph, holds)
    told = [_told(graph, hold, waits, lengths, names) for hold in holds]
    if len(told) > 1:
        told.sort(key=lambda hold: (hold.acquired_ns, hold.event_id))
    if len(told) > MOST_HOLDS:
        return TraceLocks(tuple(told[:MOST_HOLDS]), tuple(uses_of(told)))
    return TraceLocks(tuple(told))


def _names(graph: CausalGraph, holds: Sequence[Hold]) -> Mapping[int, str]:
    """Return what to call the chains that share the name of their thread, as asyncio's tasks do."""
    of_thread: dict[str, set[int]] = {}
    for hold in holds:
        of_thread.setdefault(thread_of(graph.events[hold.acquire]), set()).add(graph.chain_of[hold.acquire])
    shared = (chains for chains in of_thread.values() if len(chains) > 1)
    return {chain: graph.chains[chain].component for chains in shared for chain in chains}


def _told(
    graph: CausalGraph,
    hold: Hold,
    waits: Mapping[int, int],
    lengths: Mapping[int, int],
    names: Mapping[int, str],
) -> LockHold:
    lock, acquire, release, _ = hold
    event, finishes = graph.events[acquire], graph.finishes_ns
    return LockHold(
        lock.name,
        lock.scope_key,
        event.metadata.service_name,
        (names and names.get(graph.chain_of[acquire])) or thread_of(event),
        event.id,
        waits.get(acquire),
        finishes[acquire],
        None if release is None else finishes[release],
        lengths.get(acquire, 0),
    )


def _waits(graph: CausalGraph, holds: Sequence[Hold], options: Options) -> dict[int, int]:
    """Return when the waits began, by the acquires that ended them."""
    requests = _requests(graph, options)
    begins, finishes = graph.begins_ns, graph.finishes_ns
    waits: dict[int, int] = {}
    for hold in holds:
        event = hold.acquire
        if event in requests:
            waits[event] = finishes[requests[event]]
        elif begins[event] != finishes[event]:
            waits[event] = begins[event]
    return waits


def _requests(graph: CausalGraph, options: Options) -> dict[int, int]:
    """Return the acquires that were requested, each with the last request before it on its chain."""
    payloads, chain_of, undeclared = graph.payloads, graph.chain_of, options.lock_scope
    if not payloads.numbers(LockRequest):
        return {}
    last: dict[tuple[int, str, object], int] = {}
    found: dict[int, int] = {}
    for event in _in_program_order(graph, payloads.numbers(LockRequest, LockAcquire)):
        payload = payloads[event]
        if isinstance(payload, LockPayload):
            key = (chain_of[event], payload.lock_id, payload.scope or undeclared)
            if isinstance(payload, LockRequest):
                last[key] = event
            elif key in last:
                found[event] = last.pop(key)
    return found


def _in_program_order(graph: CausalGraph, events: Sequence[int]) -> Sequence[int]:
    """Return events so that those of one chain stand as they happened."""
    if isinstance(graph.order, range) and not graph.has_intervals:
        return sorted(events)  # numbered in a linear extension already
    places = Places(graph)
    return sorted(events, key=lambda event: places.of(graph.ends[event]))
