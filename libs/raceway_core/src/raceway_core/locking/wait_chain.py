"""Contended waits: which waits somebody else caused, and how they stand in a row.

A wait is contended if a hold that excludes it overlaps it, on the clock of their process. Waits stand
in a row where the owner waits too, for another lock:

    t1 ── waits for a ──► t2 ── waits for b ──► t3        a chain of two waits

A wait that ends is one longer than the longest one that any owner of its lock had at the same time.
Since an owner goes on before it lets go, waits are taken in the order in which they end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import LockMode
from raceway_core.identity import Lock, Process
from raceway_core.locking.span import Places, excludes, key_of, spans_of
from raceway_core.locking.want import asked_on
from raceway_core.lockset import Hold, LockKey, Lockset

_ByProcess: TypeAlias = tuple[LockKey, Process]


class _Wait(NamedTuple):
    """A finished wait for a lock by a task that held others."""

    end_ns: int
    start_ns: int
    event: int
    lock: Lock
    process: Process
    held: Lockset

    @property
    def key(self) -> _ByProcess:
        """The lock in its process."""
        return (key_of(self.lock), self.process)


def chain_lengths(graph: CausalGraph, holds: Sequence[Hold], waits: Mapping[int, int]) -> Mapping[int, int]:
    """Return by acquire how many contended waits stand in a row from its own on; others are left out.

    `waits` says by acquire when its wait began. Time: O(h·d log h), h holds, d locks held at once.
    """
    if not waits:
        return {}
    holders = _Holders(graph, holds)
    found = sorted(_waits(graph, holds, waits))
    return _lengths(wait for wait in found if holders.excluded(wait))


def _waits(graph: CausalGraph, holds: Sequence[Hold], waits: Mapping[int, int]) -> Iterable[_Wait]:
    for chain, spans in spans_of(graph, holds, Places(graph)).items():
        process = graph.chains[chain].process
        for event, lock, held in asked_on(spans, None):
            if event in waits:
                start_ns = waits[event]
                yield _Wait(max(start_ns, graph.finishes_ns[event]), start_ns, event, lock, process, held)


class _Holders:
    """When each lock was held, by process and mode: starts, and the latest end of all up to there."""

    def __init__(self, graph: CausalGraph, holds: Iterable[Hold]) -> None:
        intervals: dict[tuple[_ByProcess, LockMode], list[tuple[int, int]]] = {}
        last_ns = max(graph.finishes_ns)
        for hold in holds:
            process = graph.chains[graph.chain_of[hold.acquire]].process
            key = ((key_of(hold.lock), process), hold.lock.mode)
            end_ns = last_ns if hold.release is None else graph.finishes_ns[hold.release]
            intervals.setdefault(key, []).append((graph.finishes_ns[hold.acquire], end_ns))
        self._starts = {key: sorted(start for start, _ in of_key) for key, of_key in intervals.items()}
        self._ends = {
            key: _running_max(end for _, end in sorted(of_key)) for key, of_key in intervals.items()
        }

    def excluded(self, wait: _Wait) -> bool:
        """Whether a hold that excludes the one waited for overlaps the wait."""
        for mode in LockMode:
            key = (wait.key, mode)
            if key not in self._starts or not excludes(mode, wait.lock.mode):
                continue
            begun = bisect_right(self._starts[key], wait.end_ns - 1)
            if begun and self._ends[key][begun - 1] > wait.start_ns:
                return True
        return False


def _running_max(values: Iterable[int]) -> list[int]:
    latest: list[int] = []
    for value in values:
        latest.append(max(value, latest[-1]) if latest else value)
    return latest


class _Longest:
    """The waits of the owners of one lock, as they ended; without those that a later one outdoes."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._lengths: list[int] = []

    def add(self, end_ns: int, length: int) -> None:
        """Add a wait that ends no earlier than those before. Time: O(1), amortized."""
        while self._lengths and self._lengths[-1] <= length:
            self._ends.pop()
            self._lengths.pop()
        self._ends.append(end_ns)
        self._lengths.append(length)

    def after(self, start_ns: int) -> int:
        """Return the greatest length of those that end after `start_ns`, else 0. Time: O(log n)."""
        place = bisect_right(self._ends, start_ns)
        return self._lengths[place] if place < len(self._lengths) else 0


def _lengths(waits: Iterable[_Wait]) -> dict[int, int]:
    """Return by event how many waits stand in a row from each of the waits on, which come by end."""
    lengths: dict[int, int] = {}
    owners: dict[tuple[_ByProcess, LockMode], _Longest] = {}
    for wait in waits:
        excluding = (owners.get((wait.key, mode)) for mode in LockMode if excludes(mode, wait.lock.mode))
        length = 1 + max((longest.after(wait.start_ns) for longest in excluding if longest), default=0)
        lengths[wait.event] = length
        for lock in wait.held:
            key = ((key_of(lock), wait.process), lock.mode)
            owners.setdefault(key, _Longest()).add(wait.end_ns, length)
    return lengths
