"""Spans: holds of locks as stretches of a chain, by place in its program order.

A hold whose release was not recorded lasts to the chain's end, unless the record says otherwise: the
same chain acquires the lock anew, or another chain was granted it later. Then the release is what is
missing, and the hold says nothing about what was held when.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import LockMode
from raceway_core.identity import Lock
from raceway_core.lockset import Hold, LockKey, Lockset

NEVER = sys.maxsize
"""The place of a release that never came."""


class Span(NamedTuple):
    """A hold from the node at place `begin` of its chain to the one at `end`; `acquire` is its event."""

    begin: int
    end: int
    lock: Lock
    acquire: int


def key_of(lock: Lock) -> LockKey:
    """Return what identifies a lock, however it is held."""
    return (lock.name, lock.scope_key)


def excludes(first: LockMode, second: LockMode) -> bool:
    """Whether two holds of one lock cannot be at the same time."""
    return LockMode.EXCLUSIVE in (first, second)


def are_exclusive(first: Lockset, second: Lockset) -> bool:
    """Whether no two tasks can hold these at the same time."""
    return any(
        key_of(mine) == key_of(theirs) and excludes(mine.mode, theirs.mode)
        for mine in first
        for theirs in second
    )


class Places:
    """The place of each node on its chain; those of a chain are numbered when one is asked for."""

    def __init__(self, graph: CausalGraph) -> None:
        self._graph = graph
        self._of_node: dict[int, int] = {}
        self._known: set[int] = set()

    def of(self, node: int) -> int:
        """Return a node's place, from 0. Time: O(1), and once O(nodes) for its chain."""
        chain = self._graph.chain_of[self._graph.event_of[node]]
        if chain not in self._known:
            self._known.add(chain)
            self._of_node.update((other, place) for place, other in enumerate(self._graph.chain_nodes[chain]))
        return self._of_node[node]


def spans_of(graph: CausalGraph, holds: Sequence[Hold], places: Places) -> dict[int, list[Span]]:
    """Return the holds of each chain by where they begin. Time: O(n + h log h), h holds."""
    by_chain: dict[int, list[Hold]] = {}
    for hold in holds:
        by_chain.setdefault(graph.chain_of[hold.acquire], []).append(hold)
    latest = _latest_grants(graph, holds)
    return {
        chain: sorted(_spans_on(graph, chain, of_chain, latest, places))
        for chain, of_chain in by_chain.items()
    }


_Grant = tuple[int, int]
_Latest = Mapping[tuple[LockKey, LockMode], Sequence[tuple[_Grant, int]]]


def _latest_grants(graph: CausalGraph, holds: Iterable[Hold]) -> _Latest:
    """Return by lock and mode the latest grants to two chains. Empty where every hold was released."""
    if all(hold.release is not None for hold in holds):
        return {}
    by_lock: dict[tuple[LockKey, LockMode], dict[int, _Grant]] = {}
    for hold in holds:
        of_chain = by_lock.setdefault((key_of(hold.lock), hold.lock.mode), {})
        chain = graph.chain_of[hold.acquire]
        of_chain[chain] = max(of_chain.get(chain, (0, 0)), _grant_of(graph, hold))
    return {
        lock: sorted(((grant, chain) for chain, grant in of_chain.items()), reverse=True)[:2]
        for lock, of_chain in by_lock.items()
    }


def _grant_of(graph: CausalGraph, hold: Hold) -> _Grant:
    return (hold.grant or 0, graph.finishes_ns[hold.acquire])


def _spans_on(
    graph: CausalGraph, chain: int, holds: Sequence[Hold], latest: _Latest, places: Places
) -> Iterator[Span]:
    """Yield the spans of a chain's holds, which stand in program order."""
    again: dict[LockKey, int] = {}
    for hold in reversed(holds):
        key = key_of(hold.lock)
        begin = places.of(graph.ends[hold.acquire])
        if hold.release is not None:
            end = places.of(graph.ends[hold.release])
        elif key in again:
            end = again[key]
        else:
            end = begin if _was_granted_later(graph, chain, hold, latest) else NEVER
        again[key] = begin
        yield Span(begin, end, hold.lock, hold.acquire)


def _was_granted_later(graph: CausalGraph, chain: int, hold: Hold, latest: _Latest) -> bool:
    """Whether another chain got the lock after this hold, which excludes it, began."""
    own = _grant_of(graph, hold)
    return any(
        other != chain and grant > own
        for mode in LockMode
        if excludes(mode, hold.lock.mode)
        for grant, other in latest.get((key_of(hold.lock), mode), ())
    )
