"""Uses of locks, ranked and added up over traces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from raceway_core.result import LockUse

MOST_NS = 2**63 - 1
"""Sums end here: clocks that lie may not stop the rest from being stored."""


def rank(use: LockUse) -> tuple[int, int, str, str]:
    """Order the lock most waited for first, then the one held longest, then by name."""
    return (-use.wait_ns, -use.hold_ns, use.lock, use.scope)


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
    return tuple(sorted({name for group in groups for name in group}))
