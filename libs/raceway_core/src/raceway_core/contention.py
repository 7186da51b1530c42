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

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import LockAcquire, LockPayload, LockRequest
from raceway_core.evidence import thread_of
from raceway_core.lock_use import MOST_NS, rank
from raceway_core.locking.span import Places, key_of
from raceway_core.locking.wait_chain import chain_lengths
from raceway_core.lockset import Hold, LockKey
from raceway_core.options import Options
from raceway_core.result import LockHold, LockUse

MOST_HOLDS = 10_000
"""So many holds of a trace are listed."""


class Contention(NamedTuple):
    """How each lock was used, the one most waited for first, and the first holds by when they began."""

    uses: tuple[LockUse, ...]
    holds: tuple[LockHold, ...]


NONE = Contention((), ())


def contention_of(graph: CausalGraph, holds: Sequence[Hold], options: Options) -> Contention:
    """Return how the locks of a trace were used.

    Time: O(n) where one chain holds locks, else O(n + h·d log h), h holds, d locks held at once.
    """
    if not holds:
        return NONE
    waits = _waits(graph, holds, options)
    lengths = chain_lengths(graph, holds, waits)
    by_lock: dict[LockKey, list[LockHold]] = {}
    for hold in holds:
        by_lock.setdefault(key_of(hold.lock), []).append(_told(graph, hold, waits, lengths))
    uses = sorted((_use(graph, key, told, lengths) for key, told in by_lock.items()), key=rank)
    return Contention(tuple(uses), _first(uses, by_lock))


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
    requests = graph.payloads.of(LockRequest)
    if not requests:
        return {}
    chain_of = graph.chain_of
    last: dict[tuple[int, str, object], int] = {}
    found: dict[int, int] = {}
    for event, payload in _in_program_order(graph, [*requests, *graph.payloads.of(LockAcquire)]):
        key = (chain_of[event], payload.lock_id, payload.scope or options.lock_scope)
        if isinstance(payload, LockRequest):
            last[key] = event
        elif key in last:
            found[event] = last.pop(key)
    return found


def _in_program_order(
    graph: CausalGraph, marks: list[tuple[int, LockPayload]]
) -> Iterable[tuple[int, LockPayload]]:
    """Return lock events so that those of one chain stand as they happened."""
    if isinstance(graph.order, range) and not graph.has_intervals:
        return sorted(marks)  # numbered in a linear extension already
    places = Places(graph)
    return sorted(marks, key=lambda mark: places.of(graph.ends[mark[0]]))


def _told(graph: CausalGraph, hold: Hold, waits: Mapping[int, int], lengths: Mapping[int, int]) -> LockHold:
    """Return a hold as it is told; the place of its lock is not known yet."""
    acquire, release, finishes = hold.acquire, hold.release, graph.finishes_ns
    event = graph.events[acquire]
    return LockHold(
        0,
        event.id,
        thread_of(event),
        waits.get(acquire),
        finishes[acquire],
        None if release is None else finishes[release],
        acquire in lengths,
    )


def _first(uses: Sequence[LockUse], by_lock: Mapping[LockKey, Sequence[LockHold]]) -> tuple[LockHold, ...]:
    if len(by_lock) == 1:
        [told] = by_lock.values()
    else:
        told = [
            msgspec.structs.replace(hold, lock=place)
            for place, use in enumerate(uses)
            for hold in by_lock[use.lock, use.scope]
        ]
    return tuple(sorted(told, key=lambda hold: (hold.acquired_ns, hold.event_id))[:MOST_HOLDS])


class _Sums:
    """What the holds of one lock add up to."""

    __slots__ = ("count", "longest_ns", "sum_ns", "threads")

    def __init__(self) -> None:
        self.count = self.sum_ns = self.longest_ns = 0
        self.threads: set[str] = set()

    def add(self, thread: str, length_ns: int) -> None:
        self.count += 1
        self.threads.add(thread)
        self.sum_ns = min(self.sum_ns + length_ns, MOST_NS)
        self.longest_ns = max(self.longest_ns, length_ns)


def _use(graph: CausalGraph, key: LockKey, holds: Sequence[LockHold], lengths: Mapping[int, int]) -> LockUse:
    held, waited, contended = _Sums(), _Sums(), _Sums()
    number_of, events = graph.number_of, graph.events
    services: set[str] = set()
    longest_chain = 0
    for hold in holds:
        number = number_of[hold.event_id]
        services.add(events[number].metadata.service_name)
        end_ns = hold.acquired_ns if hold.released_ns is None else hold.released_ns
        held.add(hold.thread_id, max(0, end_ns - hold.acquired_ns))
        if hold.asked_ns is not None:
            wait_ns = max(0, hold.acquired_ns - hold.asked_ns)
            waited.add(hold.thread_id, wait_ns)
            if hold.contended:
                contended.add(hold.thread_id, wait_ns)
                longest_chain = max(longest_chain, lengths[number])
    return LockUse(
        lock=key[0],
        scope=key[1],
        services=tuple(sorted(services)),
        holds=held.count,
        hold_ns=held.sum_ns,
        longest_hold_ns=held.longest_ns,
        waits=waited.count,
        wait_ns=waited.sum_ns,
        contended=contended.count,
        contended_ns=contended.sum_ns,
        longest_wait_ns=waited.longest_ns,
        owners=tuple(sorted(held.threads)),
        waiters=tuple(sorted(contended.threads)),
        longest_chain=longest_chain,
    )
