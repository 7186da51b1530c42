"""Reaches: when a transaction touched a variable, from its first access to its last.

Two reaches *overlap* if they were seen to be under way at one instant, however far their clocks may
disagree: not at all within a process, by `SAME_HOST_UNCERTAINTY_NS` within a host, and across hosts by as
much as the messages of their trace leave open (`raceway_core.counting.timebase`). Across hosts of different
traces nobody knows how much, so that those never overlap. Nor do two instants, nor a reach whose clock
was cut: it may have been ordered by what was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from raceway_core.access import Access, TransactionKey, transaction_key
from raceway_core.counting.site import Site, uncertainty_ns
from raceway_core.counting.timebase import Timebase


class Reach(NamedTuple):
    """When a transaction touched a variable, and on whose clock."""

    start_ns: int
    end_ns: int
    site: Site


Overlaps: TypeAlias = Callable[[Access, Access], bool]
"""Tells whether the transactions of two accesses were seen to overlap on the variable."""


def reaches_of(accesses: Iterable[Access]) -> dict[TransactionKey, Reach]:
    """Return the reach of each transaction; `accesses` are of one variable, in any order."""
    bounds: dict[TransactionKey, list[int]] = {}
    sites: dict[TransactionKey, Site] = {}
    for access in accesses:
        key = (access.trace_id, access.transaction)
        bound = bounds.get(key)
        if bound is None or access.is_cut:
            sites[key] = _site_of(access)
        if bound is None:
            bounds[key] = [access.start_ns, access.end_ns]
            continue
        bound[0] = min(bound[0], access.start_ns)
        bound[1] = max(bound[1], access.end_ns)
    return {key: Reach(start_ns, end_ns, sites[key]) for key, (start_ns, end_ns) in bounds.items()}


def _site_of(access: Access) -> Site:
    """Return whose clock stamped an access; where it was cut, one that nobody else has."""
    return Site(access.process, f"cut at {access.event_id}" if access.is_cut else access.host)


def is_overlap(first: Reach, second: Reach, timebase: Timebase | None = None) -> bool:
    """Whether both are known to have been under way at one instant; `timebase` is that of their one trace."""
    slack_ns = uncertainty_ns(first.site, second.site)
    if slack_ns is not None:
        return first.start_ns + slack_ns < second.end_ns and second.start_ns + slack_ns < first.end_ns
    interval = timebase.between(first.site, second.site) if timebase else None
    if interval is None:
        return False
    low_ns, high_ns = interval
    return first.start_ns < second.end_ns + low_ns and second.start_ns + high_ns < first.end_ns


def overlaps_in(accesses: Iterable[Access]) -> Overlaps:
    """Return the test of overlap for pairs of `accesses`, which are of one variable."""
    return overlaps_by(reaches_of(accesses))


def overlaps_by(reaches: Mapping[TransactionKey, Reach], timebase: Timebase | None = None) -> Overlaps:
    """Return the test of overlap for pairs of accesses of transactions with these reaches."""

    def overlaps(first: Access, second: Access) -> bool:
        return is_overlap(reaches[transaction_key(first)], reaches[transaction_key(second)], timebase)

    return overlaps
