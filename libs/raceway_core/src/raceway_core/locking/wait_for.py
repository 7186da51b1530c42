"""The wait-for graph at the end of a trace: deadlocks that happened.

Who asked for a lock and did not get it waits for those who hold it, exclusively or in whatever mode
if it is to be had exclusively; and who awaits a task waits for it. Those who wait in a circle wait
for ever. Each component of the graph that is more than one node is a deadlock, shown by a shortest
circle in it. Locks are nodes as well, so that many holders and many waiters make few edges:

    task ──► lock, held in any mode ──► its holders
         └─► lock, held exclusively ──► its holder

Source: Coffman, Elphick, Shoshani 1971 (circular wait).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import LockMode
from raceway_core.graph.cycle import knots_of
from raceway_core.locking.span import NEVER, Span, key_of
from raceway_core.locking.wait_cycle import Wait, WaitCycle
from raceway_core.locking.waiting import Pending, awaits_of
from raceway_core.lockset import LockKey, Lockset, lockset_of

Successors = dict[int, list[int]]


def stuck_cycles(
    graph: CausalGraph, spans: Mapping[int, Sequence[Span]], pending: Mapping[int, Pending]
) -> list[WaitCycle]:
    """Return a wait cycle of each deadlock that the trace ends in. Time: O(n + h), h holds."""
    if not pending:
        return []
    held = {
        chain: lockset_of(span.lock for span in of_chain if span.end == NEVER)
        for chain, of_chain in spans.items()
    }
    waiting = {
        chain: request
        for chain, request in pending.items()
        if not (request.is_reentrant and key_of(request.lock) in map(key_of, held.get(chain, ())))
    }
    awaiting = _awaiting(graph)
    successors = _wait_for(len(graph.chains), held, waiting, awaiting)
    cycles = (_shortest(successors, knot) for knot in knots_of(successors))
    tasks = ([node for node in cycle if node < len(graph.chains)] for cycle in cycles)
    stuck = (tuple(_waits(cycle, held, waiting, awaiting)) for cycle in tasks)
    return [WaitCycle(waits, is_actual=True) for waits in stuck if waits]


def _awaiting(graph: CausalGraph) -> dict[int, tuple[int, list[int]]]:
    """Return the chains that did nothing after they began to await, with the await and for whom."""
    found: dict[int, tuple[int, list[int]]] = {}
    for awaited, events in awaits_of(graph).items():
        for event in events:
            chain = graph.chain_of[event]
            if graph.chain_nodes[chain][-1] == graph.ends[event]:
                found.setdefault(chain, (event, []))[1].append(awaited)
    return found


def _wait_for(
    chains: int,
    held: Mapping[int, Lockset],
    waiting: Mapping[int, Pending],
    awaiting: Mapping[int, tuple[int, Sequence[int]]],
) -> Successors:
    """Return whom each waits for. Nodes are the chains, then two for each lock."""
    node_of: dict[LockKey, int] = {}
    successors: Successors = {chain: list(awaited) for chain, (_, awaited) in awaiting.items()}
    for chain, request in waiting.items():
        node = node_of.setdefault(key_of(request.lock), chains + 2 * len(node_of))
        successors[chain] = [node + (request.lock.mode is LockMode.SHARED)]
    for chain, locks in held.items():
        for lock in locks:
            if key_of(lock) in node_of and chain in successors:
                node = node_of[key_of(lock)]
                successors.setdefault(node, []).append(chain)
                if lock.mode is LockMode.EXCLUSIVE:
                    successors.setdefault(node + 1, []).append(chain)
    return successors


def _shortest(successors: Successors, knot: Sequence[int]) -> list[int]:
    """Return a shortest cycle through the first node of a component, which is a chain."""
    members, first = set(knot), knot[0]
    came_from: dict[int, int] = {}
    waiting = deque([first])
    while first not in came_from:
        node = waiting.popleft()
        for successor in successors[node]:
            if successor in members and successor not in came_from:
                came_from[successor] = node
                waiting.append(successor)
    cycle = [came_from[first]]
    while cycle[-1] != first:
        cycle.append(came_from[cycle[-1]])
    return cycle[::-1]


def _waits(
    cycle: Sequence[int],
    held: Mapping[int, Lockset],
    waiting: Mapping[int, Pending],
    awaiting: Mapping[int, tuple[int, Sequence[int]]],
) -> Iterator[Wait]:
    """Yield those on the cycle that wait for a lock, each with the parents before it that await it."""
    start = next((place for place, chain in enumerate(cycle) if chain in waiting), 0)
    parents: list[int] = []
    for chain in (*cycle[start + 1 :], *cycle[: start + 1]):
        if chain not in waiting:
            parents.append(chain)
            continue
        locks = lockset_of(lock for holder in (chain, *parents) for lock in held.get(holder, ()))
        events = tuple(awaiting[parent][0] for parent in reversed(parents))
        event, lock, own = waiting[chain].event, waiting[chain].lock, held.get(chain, ())
        yield Wait(chain, event, lock, own, locks, events)
        parents = []
