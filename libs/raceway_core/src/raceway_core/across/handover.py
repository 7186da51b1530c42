"""Lock order across traces: an access, then a release; the next acquire, then another access.

Traces without a causal link are ordered at most by the locks they hand over. What one trace must
remember of its own locks is little: of each lock the last acquire before an access and the first
release after it, on the access's own chain. Access a is handed over to access b if some lock was
released after a and then acquired before b, by grant where both sent one, or by the clock of the
process they share; not if both held it shared.

What a hold is, also of a re-entrant lock, is told by `raceway_core.lockset`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple, TypeAlias

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import LockMode
from raceway_core.lockset import Hold, LockKey


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


LockStory: TypeAlias = Mapping[LockKey, Around]
"""By lock, what happened to it around one access."""


def lock_stories(
    graph: CausalGraph, clocks: Clocks, holds: Iterable[Hold], events: Iterable[int]
) -> Mapping[int, LockStory]:
    """Return the stories of those of `events` that have one; equal ones of a chain are one object.

    `holds` are all of the trace (`lockset.locks_of`). Time: O(k log k + stories * locks of the chain)
    for k holds and events.
    """
    holds_on: dict[int, list[Hold]] = {}
    for hold in holds:
        holds_on.setdefault(graph.chain_of[hold.acquire], []).append(hold)
    events_on: dict[int, set[int]] = {}
    for event in events:
        chain = graph.chain_of[event]
        if chain in holds_on:
            events_on.setdefault(chain, set()).add(event)
    stories: dict[int, LockStory] = {}
    for chain, wanted in events_on.items():
        acquires, releases = _changes_of(graph, holds_on[chain])
        marked = sorted({*wanted, *acquires, *releases}, key=clocks.begin.__getitem__)
        stories.update(_stories_on(marked, wanted, acquires, releases))
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
    granted = released.grant is not None and acquired.grant is not None and released.grant < acquired.grant
    return granted or (one_process and released.time_ns < acquired.time_ns)


class _Change(NamedTuple):
    """The begin or the end of a hold."""

    lock: LockKey
    stamp: Stamp
    is_alone: bool


_Changes: TypeAlias = Mapping[int, _Change]
"""By event."""


def _changes_of(graph: CausalGraph, holds: Sequence[Hold]) -> tuple[_Changes, _Changes]:
    """Return the acquires and the releases of one chain, whose holds are in program order."""
    acquires: dict[int, _Change] = {}
    releases: dict[int, _Change] = {}
    for hold in holds:
        key, is_alone = (hold.lock.name, hold.lock.scope_key), hold.lock.mode is LockMode.EXCLUSIVE
        acquired_ns = graph.finishes_ns[hold.acquire]
        acquires[hold.acquire] = _Change(key, Stamp(hold.grant, acquired_ns), is_alone)
        if hold.release is not None:
            # Stamps of one process can run backwards by microseconds; a hold does not.
            released_ns = max(acquired_ns, graph.begins_ns[hold.release])
            releases[hold.release] = _Change(key, Stamp(hold.grant, released_ns), is_alone)
    return acquires, releases


_Nearest: TypeAlias = Mapping[LockKey, tuple[Stamp | None, Stamp | None]]
"""By lock, the nearest change to one side of an access: of any hold, and of an exclusive one."""


def _stories_on(
    marked: Sequence[int], wanted: Set[int], acquires: _Changes, releases: _Changes
) -> Iterator[tuple[int, LockStory]]:
    """Yield the stories on one chain; `marked` are its changes and wanted events, in program order."""
    before = dict(_nearest(marked, wanted, acquires))
    behind = list(_nearest(reversed(marked), wanted, releases))
    merged: dict[tuple[int, int], LockStory] = {}
    for event, after in behind:
        key = (id(before[event]), id(after))
        if key not in merged:
            merged[key] = _merge(before[event], after)
        if merged[key]:
            yield event, merged[key]


def _nearest(marked: Iterable[int], wanted: Set[int], changes: _Changes) -> Iterator[tuple[int, _Nearest]]:
    """Yield for each wanted event the changes that it last passed; one object until the next change."""
    nearest: dict[LockKey, tuple[Stamp | None, Stamp | None]] = {}
    for event in marked:
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
