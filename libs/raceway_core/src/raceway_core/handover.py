"""Lock order across traces: an access, then a release; the next acquire, then another access.

Traces without a causal link are ordered at most by the locks they hand over. What one trace must
remember of its own locks is little: of each lock the last acquire before an access and the first
release after it, on the access's own chain. Access a is handed over to access b if some lock was
released after a and then acquired before b, by grant where both sent one, else by the clock of
the process they share; not if both held it shared.

A re-entrant lock is handed over when its outermost hold ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple, TypeAlias

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import LockAcquire, LockMode, LockRelease
from raceway_core.identity import Lock, lock_of
from raceway_core.transaction import events_on


class Stamp(NamedTuple):
    """When a lock changed hands: its grant counter where sent, and its process's clock."""

    grant: int | None
    time_ns: int


class Around(NamedTuple):
    """What happened to one lock around an access; `_alone` counts exclusive holds only."""

    acquired: Stamp | None = None
    acquired_alone: Stamp | None = None
    released: Stamp | None = None
    released_alone: Stamp | None = None


LockKey: TypeAlias = tuple[str, str]
"""Name and scope key: the lock whatever the mode."""

LockStory: TypeAlias = Mapping[LockKey, Around]
"""By lock, what happened to it around one access."""


def lock_stories(graph: CausalGraph, events: Iterable[int]) -> Mapping[int, LockStory]:
    """Return the stories of those of `events` that have one; equal ones of a chain are one object.

    Time: O(n + stories * locks of the chain).
    """
    chains = {
        graph.chain_of[event]
        for event, payload in enumerate(graph.payloads)
        if isinstance(payload, LockAcquire | LockRelease)
    }
    if not chains:
        return {}
    wanted = set(events)
    stories: dict[int, LockStory] = {}
    for chain in sorted(chains):
        on_chain = list(events_on(graph, chain))
        if not wanted.isdisjoint(on_chain):
            stories.update(_stories_on(on_chain, wanted, _changes_on(graph, on_chain)))
    return stories


def is_handed_over(first: LockStory, second: LockStory, *, one_process: bool) -> bool:
    """Whether a lock was released after the first access and acquired before the second."""
    for lock in first.keys() & second.keys():
        before, after = first[lock], second[lock]
        if is_before(before.released, after.acquired_alone, one_process=one_process):
            return True
        if is_before(before.released_alone, after.acquired, one_process=one_process):
            return True
    return False


def is_before(released: Stamp | None, acquired: Stamp | None, *, one_process: bool) -> bool:
    """Whether the release is known to come before the acquire."""
    if released is None or acquired is None:
        return False
    if released.grant is not None and acquired.grant is not None:
        return released.grant < acquired.grant
    return one_process and released.time_ns < acquired.time_ns


class _Change(NamedTuple):
    """A lock event that begins or ends an outermost hold."""

    lock: LockKey
    stamp: Stamp
    is_alone: bool
    is_acquire: bool


def _changes_on(graph: CausalGraph, on_chain: Sequence[int]) -> dict[int, _Change]:
    depths: Counter[LockKey] = Counter()
    opened: dict[LockKey, _Change] = {}
    changes: dict[int, _Change] = {}
    latest_ns = graph.interval_ns(on_chain[0])[0]
    for event in on_chain:
        payload = graph.payloads[event]
        if not isinstance(payload, LockAcquire | LockRelease):
            continue
        lock = lock_of(payload, graph.chains[graph.chain_of[event]].process)
        key = (lock.name, lock.scope_key)
        grant = None if payload.grant is None else int(payload.grant)
        begin_ns, end_ns = graph.interval_ns(event)
        # Stamps of one process can run backwards by microseconds; a chain does not.
        latest_ns = max(latest_ns, end_ns if isinstance(payload, LockAcquire) else begin_ns)
        if isinstance(payload, LockAcquire):
            depths[key] += 1
            if depths[key] == 1:
                stamp = Stamp(grant, latest_ns)
                opened[key] = _Change(key, stamp, lock.mode is LockMode.EXCLUSIVE, is_acquire=True)
                changes[event] = opened[key]
        else:
            depths[key] = max(depths[key] - 1, 0)
            if depths[key] == 0:
                changes[event] = _release(opened.pop(key, None), lock, Stamp(grant, latest_ns))
    return changes


def _release(opening: _Change | None, lock: Lock, stamp: Stamp) -> _Change:
    """Return the end of a hold; its mode and its grant are those of its begin where that is known."""
    key = (lock.name, lock.scope_key)
    if opening is None:
        return _Change(key, stamp, lock.mode is LockMode.EXCLUSIVE, is_acquire=False)
    grant = opening.stamp.grant if stamp.grant is None else stamp.grant
    return _Change(key, Stamp(grant, stamp.time_ns), opening.is_alone, is_acquire=False)


_Nearest: TypeAlias = Mapping[LockKey, tuple[Stamp | None, Stamp | None]]
"""By lock, the nearest change to one side of an access: of any hold, and of an exclusive one."""


def _stories_on(
    on_chain: Sequence[int], wanted: Set[int], changes: Mapping[int, _Change]
) -> Iterator[tuple[int, LockStory]]:
    acquires = {event: change for event, change in changes.items() if change.is_acquire}
    releases = {event: change for event, change in changes.items() if not change.is_acquire}
    before = dict(_nearest(on_chain, wanted, acquires))
    behind = list(_nearest(reversed(on_chain), wanted, releases))
    merged: dict[tuple[int, int], LockStory] = {}
    for event, after in behind:
        key = (id(before[event]), id(after))
        if key not in merged:
            merged[key] = _merge(before[event], after)
        if merged[key]:
            yield event, merged[key]


def _nearest(
    on_chain: Iterable[int], wanted: Set[int], changes: Mapping[int, _Change]
) -> Iterator[tuple[int, _Nearest]]:
    """Yield for each wanted event the changes that it last passed; one object until the next change."""
    nearest: dict[LockKey, tuple[Stamp | None, Stamp | None]] = {}
    for event in on_chain:
        change = changes.get(event)
        if change is not None:
            alone = nearest.get(change.lock, (None, None))[1]
            nearest = {**nearest, change.lock: (change.stamp, change.stamp if change.is_alone else alone)}
        if event in wanted:
            yield event, nearest


def _merge(before: _Nearest, after: _Nearest) -> LockStory:
    nothing = (None, None)
    return {
        lock: Around(*before.get(lock, nothing), *after.get(lock, nothing))
        for lock in sorted(before.keys() | after.keys())
    }
