"""Contention: how long each lock of a trace was held and waited for, by whom, and how waits add up.

A task waits from its request for a lock, or from the start of an acquire that has a duration, until it
is granted. The wait is *contended* if somebody else held the lock meanwhile in a way that excludes it;
the rest is what a free lock costs. Holds and waits are compared on the clock of their own process
only, and one that is still open at the end of the trace has no length.

Waits add up where the owner waits too, for another lock:

    t1 ── waits for a ──► t2 ── waits for b ──► t3        a chain of two waits

A wait that ends is one longer than the longest one that any owner of its lock had at the same time.
Since an owner goes on before it lets go, waits are taken in the order in which they end.

Source: Tallent, Mellor-Crummey, Porterfield 2010 (blame for lock contention lies with the owner).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import LockAcquire, LockMode, LockPayload, LockRequest
from raceway_core.evidence import thread_of
from raceway_core.identity import Lock, Process, lock_of
from raceway_core.locking.span import Places, excludes, key_of, spans_of
from raceway_core.locking.want import asked_on
from raceway_core.lockset import Hold, LockKey, Lockset
from raceway_core.options import Options
from raceway_core.result import LockUse

_ByProcess: TypeAlias = tuple[LockKey, Process]


class _Wait(NamedTuple):
    """A finished wait for a lock by a task that held others; `key` is the lock's, in its process."""

    end_ns: int
    start_ns: int
    event: int
    lock: Lock
    process: Process
    held: Lockset

    @property
    def key(self) -> _ByProcess:
        return (key_of(self.lock), self.process)


def contention_of(graph: CausalGraph, holds: Sequence[Hold], options: Options) -> tuple[LockUse, ...]:
    """Return how each lock was used, the one most waited for first.

    Time: O(n + h·d log h), h holds, d locks held at once.
    """
    if not holds:
        return ()
    waits = sorted(_waits(graph, holds, options))
    contended = _Holders(graph, holds)
    chains = _chain_lengths(wait for wait in waits if contended.excluded(wait))
    uses: dict[LockKey, _Use] = {}
    for hold in holds:
        uses.setdefault(key_of(hold.lock), _Use()).add_hold(graph, hold)
    for wait in waits:
        uses[key_of(wait.lock)].add_wait(graph, wait, chains.get(wait.event, 0))
    found = (use.result(key) for key, use in uses.items())
    return tuple(sorted(found, key=lambda use: (-use.contended_ns, -use.hold_ns, use.lock, use.scope)))


def _waits(graph: CausalGraph, holds: Sequence[Hold], options: Options) -> Iterator[_Wait]:
    places = Places(graph)
    requests = _requests(graph, places, options)
    for chain, spans in spans_of(graph, holds, places).items():
        process = graph.chains[chain].process
        for event, lock, held in asked_on(spans, None):
            start_ns, end_ns = graph.interval_ns(event)
            if event in requests:
                start_ns = graph.finishes_ns[requests[event]]
            elif start_ns == end_ns:
                continue
            yield _Wait(max(start_ns, end_ns), start_ns, event, lock, process, held)


def _requests(graph: CausalGraph, places: Places, options: Options) -> dict[int, int]:
    """Return the acquires that were requested, each with the last request before it on its chain."""
    events = graph.payloads.numbers(LockRequest, LockAcquire)
    chain_of = graph.chain_of
    open_requests: dict[tuple[int, LockKey], int] = {}
    requests: dict[int, int] = {}
    for event in sorted(events, key=lambda event: (chain_of[event], places.of(graph.ends[event]))):
        payload = graph.payloads[event]
        if not isinstance(payload, LockPayload):
            continue
        lock = lock_of(payload, graph.chains[chain_of[event]].process, options.lock_scope)
        key = (chain_of[event], key_of(lock))
        if isinstance(payload, LockRequest):
            open_requests[key] = event
        elif key in open_requests:
            requests[event] = open_requests.pop(key)
    return requests


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


def _chain_lengths(waits: Iterable[_Wait]) -> dict[int, int]:
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


class _Use:
    """What is known of one lock so far."""

    def __init__(self) -> None:
        self._held: list[int] = []
        self._waited: list[int] = []
        self._contended: list[int] = []
        self._owners: set[str] = set()
        self._waiters: set[str] = set()
        self._chain = 0

    def add_hold(self, graph: CausalGraph, hold: Hold) -> None:
        self._owners.add(thread_of(graph.events[hold.acquire]))
        end_ns = graph.finishes_ns[hold.acquire if hold.release is None else hold.release]
        self._held.append(max(0, end_ns - graph.finishes_ns[hold.acquire]))

    def add_wait(self, graph: CausalGraph, wait: _Wait, chain: int) -> None:
        """Add a wait; `chain` is 0 for one that was not contended."""
        self._waited.append(wait.end_ns - wait.start_ns)
        if chain:
            self._contended.append(wait.end_ns - wait.start_ns)
            self._waiters.add(thread_of(graph.events[wait.event]))
            self._chain = max(self._chain, chain)

    def result(self, key: LockKey) -> LockUse:
        name, scope_key = key
        return LockUse(
            lock=name,
            scope=scope_key,
            holds=len(self._held),
            hold_ns=sum(self._held),
            longest_hold_ns=max(self._held),
            waits=len(self._waited),
            wait_ns=sum(self._waited),
            contended=len(self._contended),
            contended_ns=sum(self._contended),
            longest_wait_ns=max(self._waited, default=0),
            owners=tuple(sorted(self._owners)),
            waiters=tuple(sorted(self._waiters)),
            longest_chain=self._chain,
        )
