"""Uses of locks: what holds add up to, in a trace and over traces, and in which order they are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from raceway_core.result import LockHold, LockUse, TraceLocks

MOST_NS = 2**63 - 1
"""Sums end here: clocks that lie may not stop the rest from being stored."""


def rank(use: LockUse) -> tuple[int, int, str, str]:
    """Order the lock most waited for first, then the one held longest, then by name."""
    return (-use.wait_ns, -use.hold_ns, use.lock, use.scope)


def uses_in(locks: TraceLocks) -> Sequence[LockUse]:
    """Return how each lock of a trace was used, the one most waited for first."""
    return locks.uses_of_cut or uses_of(locks.holds)


def uses_of(holds: Iterable[LockHold]) -> list[LockUse]:
    """Return what holds of any locks add up to, the lock most waited for first. Time: O(h log h)."""
    by_lock: dict[tuple[str, str], list[LockHold]] = {}
    for hold in holds:
        by_lock.setdefault((hold.lock, hold.scope), []).append(hold)
    return sorted(map(_use, by_lock.values()), key=rank)


def held_ns(hold: LockHold) -> int:
    """Return how long a lock was held; 0 if that is not known."""
    return 0 if hold.released_ns is None else max(0, hold.released_ns - hold.acquired_ns)


def waited_ns(hold: LockHold) -> int:
    """Return how long a lock was waited for."""
    return 0 if hold.asked_ns is None else max(0, hold.acquired_ns - hold.asked_ns)


def _use(holds: Sequence[LockHold]) -> LockUse:
    held = list(map(held_ns, holds))
    waited = [waited_ns(hold) for hold in holds if hold.asked_ns is not None]
    contended = [hold for hold in holds if hold.waits_in_row]
    return LockUse(
        lock=holds[0].lock,
        scope=holds[0].scope,
        services=_distinct(hold.service for hold in holds),
        holds=len(holds),
        hold_ns=min(sum(held), MOST_NS),
        longest_hold_ns=min(max(held), MOST_NS),
        waits=len(waited),
        wait_ns=min(sum(waited), MOST_NS),
        contended=len(contended),
        contended_ns=min(sum(map(waited_ns, contended)), MOST_NS),
        longest_wait_ns=min(max(waited, default=0), MOST_NS),
        owners=_distinct(hold.thread_id for hold in holds),
        waiters=_distinct(hold.thread_id for hold in contended),
        longest_chain=max((hold.waits_in_row for hold in contended), default=0),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def merge_uses(uses: Iterable[LockUse]) -> list[LockUse]:
    """Return one use per lock, the one most waited for first. Threads of one name count once."""
    by_lock: defaultdict[tuple[str, str], list[LockUse]] = defaultdict(list)
    for use in uses:
        by_lock[use.lock, use.scope].append(use)
    return sorted((_together(group) for group in by_lock.values()), key=rank)


def _together(group: Sequence[LockUse]) -> LockUse:
    if len(group) == 1:
        return group[0]
    return LockUse(
        lock=group[0].lock,
        scope=group[0].scope,
        services=_union(use.services for use in group),
        holds=sum(use.holds for use in group),
        hold_ns=min(sum(use.hold_ns for use in group), MOST_NS),
        longest_hold_ns=max(use.longest_hold_ns for use in group),
        waits=sum(use.waits for use in group),
        wait_ns=min(sum(use.wait_ns for use in group), MOST_NS),
        contended=sum(use.contended for use in group),
        contended_ns=min(sum(use.contended_ns for use in group), MOST_NS),
        longest_wait_ns=max(use.longest_wait_ns for use in group),
        owners=_union(use.owners for use in group),
        waiters=_union(use.waiters for use in group),
        longest_chain=max(use.longest_chain for use in group),
    )


def _union(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return _distinct(name for group in groups for name in group)
