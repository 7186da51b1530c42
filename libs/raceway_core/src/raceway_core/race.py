"""Data races: what they are, how sure one is, and how many there are, exactly.

Two accesses *conflict* if they touch one variable, at least one writes and not both are atomic.
They *race* if they conflict, neither happens before the other (C), and no lock protects both: a
common lock does, unless both hold it shared. The verdict says how sure a pair is, strongest first:

    proven           the values show the damage (`raceway_core.lost_update`)
    observed         unordered in C and in H, and their transactions were seen to overlap in time
    possible         unordered in C and in H, but not seen to overlap
    order-dependent  unordered in C, ordered in H by a lock that is not held at both accesses
    guarded          unordered in C, and a common lock protects both: counted, never reported

H is C together with the order in which locks were granted (`raceway_core.lock_order`). A pair that
C orders is no pair.

Sources: Lamport 1978 and Mattern 1989 (happens-before, vector clocks); Netzer & Miller 1992 (what a
race is); Savage et al. 1997, Eraser (locksets); O'Callahan & Choi 2003 (locksets with
happens-before); Flanagan & Freund 2009, FastTrack (one comparison orders two accesses).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from raceway_core.access import Access, Precedes, TransactionKey, transaction_key
from raceway_core.event import AccessType, LockMode
from raceway_core.finding import Severity, Verdict
from raceway_core.identity import Lock, Process

SAME_HOST_UNCERTAINTY_NS = 1_000_000
"""How far the clocks of two processes of one host may disagree."""


class Reach(NamedTuple):
    """When a transaction touched a variable, from its first access to its last, on whose clock."""

    start_ns: int
    end_ns: int
    process: Process
    host: str


Overlaps: TypeAlias = Callable[[Access, Access], bool]
"""Tells whether the transactions of two accesses were seen to overlap on the variable."""


def verdict_of(
    first: Access, second: Access, *, c: Precedes, h: Precedes, overlaps: Overlaps
) -> Verdict | None:
    """Return how sure it is that two accesses of one variable race; None if they cannot.

    This is the definition; whatever counts faster is tested against it. It knows nothing of values,
    so it never answers `proven`.
    """
    if not is_conflict(first.access_type, second.access_type) or c(first, second) or c(second, first):
        return None
    if is_guarded(first.lockset, second.lockset):
        return Verdict.GUARDED
    if h(first, second) or h(second, first):
        return Verdict.ORDER_DEPENDENT
    return Verdict.OBSERVED if overlaps(first, second) else Verdict.POSSIBLE


def is_conflict(first: AccessType, second: AccessType) -> bool:
    """Whether two accesses of one variable could race at all."""
    return (first.writes or second.writes) and not (first.is_atomic and second.is_atomic)


def is_guarded(first: tuple[Lock, ...], second: tuple[Lock, ...]) -> bool:
    """Whether a lock is in both locksets, held exclusively at least once."""
    if not first or not second:
        return False
    return any(
        mine.name == theirs.name
        and mine.scope_key == theirs.scope_key
        and LockMode.EXCLUSIVE in (mine.mode, theirs.mode)
        for mine in first
        for theirs in second
    )


def uncertainty_ns(first: Reach, second: Reach) -> int | None:
    """Return how far the clocks of two reaches may disagree; None if nobody knows."""
    if first.host != second.host:
        return None
    if first.process == second.process:
        return 0
    return SAME_HOST_UNCERTAINTY_NS if first.host else None


def is_overlap(first: Reach, second: Reach) -> bool:
    """Whether both were under way at one instant, however far their clocks disagree."""
    slack_ns = uncertainty_ns(first, second)
    if slack_ns is None:
        return False
    return first.start_ns + slack_ns < second.end_ns and second.start_ns + slack_ns < first.end_ns


def reaches_of(accesses: Iterable[Access]) -> dict[TransactionKey, Reach]:
    """Return the reach of each transaction; `accesses` are of one variable, in any order."""
    reaches: dict[TransactionKey, Reach] = {}
    for access in accesses:
        key = transaction_key(access)
        reach = reaches.get(key)
        if reach is None:
            reaches[key] = Reach(access.start_ns, access.end_ns, access.process, access.host)
        else:
            start_ns, end_ns = min(reach.start_ns, access.start_ns), max(reach.end_ns, access.end_ns)
            reaches[key] = reach._replace(start_ns=start_ns, end_ns=end_ns)
    return reaches


def overlaps_in(accesses: Iterable[Access]) -> Overlaps:
    """Return the test of overlap for pairs of `accesses`, which are of one variable."""
    reaches = reaches_of(accesses)

    def overlaps(first: Access, second: Access) -> bool:
        return is_overlap(reaches[transaction_key(first)], reaches[transaction_key(second)])

    return overlaps


def severity_of(first: AccessType, second: AccessType, verdict: Verdict) -> Severity:
    """Return what a pair can cost: two writes lose one, a read and a write a stale value."""
    if verdict is Verdict.PROVEN or (first.writes and second.writes):
        return Severity.CRITICAL
    return Severity.WARNING if first.writes or second.writes else Severity.INFO
