"""Wants: what a task held when it asked for a lock. Equal ones of a task are one.

A task wants a lock where it acquires it, or where it asked for it and was never given it. What it
holds then are its own locks; and while a parent awaits it, it may count as well what that parent
holds, because the parent cannot let go of it before the task is done. The parent waits from its last
event before the await on, so what the task did before that event does not count. The parent may be
awaited in its turn.

Only wants with a lock held can be part of a deadlock, and few programs have many different ones:
that makes the search for cycles independent of how often a program runs through them.

Sources: Havelund 2000 (GoodLock); Tunç, Mathur, Pavlogiannis, Viswanathan 2023 (abstract lock
dependencies); Sulzmann 2025 (locks that are held for another thread).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.identity import Lock
from raceway_core.locking.span import Places, Span, are_exclusive, key_of
from raceway_core.locking.waiting import Pending, Waiter, waiters_of
from raceway_core.lockset import Lockset, lockset_of

MOST_HELD = 32
"""A task that holds more locks at once is a loop that never released them, or was not recorded."""


class Want(NamedTuple):
    """A chain that asks for `lock` at each of `events`, in program order, while it holds `held`.

    `waiters` are the parents that wait for it then; what they hold is in `held`.
    """

    chain: int
    lock: Lock
    held: Lockset
    waiters: tuple[Waiter, ...]
    events: list[int]

    @property
    def inherited(self) -> Lockset:
        """What the waiters hold."""
        return lockset_of(lock for waiter in self.waiters for lock in waiter.held)

    @property
    def chains(self) -> set[int]:
        """The chains that do not move while this want lasts."""
        return {self.chain, *(waiter.chain for waiter in self.waiters)}


_Spans: TypeAlias = Mapping[int, Sequence[Span]]
_Key: TypeAlias = tuple[int, Lock, Lockset, tuple[Waiter, ...]]


def wants_of(
    graph: CausalGraph, clocks: Clocks, spans: _Spans, pending: Mapping[int, Pending], places: Places
) -> list[Want]:
    """Return the wants of a trace with at least one lock held.

    Time: O(n + h·(d + w) log d), h holds, d locks held at once, w parents that wait for one task.
    """
    waiters = waiters_of(graph, spans, places)
    found: dict[_Key, Want] = {}
    for chain in sorted({*spans, *pending}):
        asked = asked_on(spans.get(chain, ()), pending.get(chain))
        if chain not in waiters:
            asked = (ask for ask in asked if ask.held)
        for event, lock, own in asked:
            for line in ((), *waiters.get(chain, ())):
                held = _together(event, own, line, clocks)
                if held:
                    want = Want(chain, lock, held, line, [])
                    found.setdefault(want[:4], want).events.append(event)
    return list(found.values())


class Ask(NamedTuple):
    """An event that asks for a lock, and what its chain itself holds then."""

    event: int
    lock: Lock
    held: Lockset


def asked_on(spans: Sequence[Span], pending: Pending | None) -> Iterator[Ask]:
    """Yield what a chain asked for, in program order; not while it held more than `MOST_HELD`."""
    held: list[Span] = []
    for span in spans:
        key = key_of(span.lock)
        held = [other for other in held if other.end >= span.begin]
        own = [other.lock for other in held if other.end > span.begin or _is_upgrade(other, span)]
        if len(own) <= MOST_HELD:
            yield Ask(span.acquire, span.lock, lockset_of(own))
        held = [other for other in held if key_of(other.lock) != key]
        held = [*held[-MOST_HELD:], span]
    if pending is not None:
        own = [other.lock for other in held if other.end > pending.place]
        if len(own) <= MOST_HELD:
            yield Ask(pending.event, pending.lock, lockset_of(own))


def _is_upgrade(held: Span, wanted: Span) -> bool:
    """Whether a lock held shared is asked for exclusively, or the other way round."""
    return key_of(held.lock) == key_of(wanted.lock) and held.lock.mode is not wanted.lock.mode


def _together(event: int, own: Lockset, line: tuple[Waiter, ...], clocks: Clocks) -> Lockset:
    """Return what is held if all of `line` wait while `event` happens; empty if that cannot be."""
    held = own
    for waiter in line:
        is_past = waiter.since is not None and clocks.happens_before(event, waiter.since)
        if is_past or are_exclusive(held, waiter.held):
            return ()
        held = lockset_of((*held, *waiter.held))
    return held
