"""How far wall clocks can be trusted: what orders two stamps, and by how much they must differ.

One process reads one clock. Processes of one host share a clock, but a stamp is taken beside the
access and may be late. Clocks of two hosts, and of processes that cannot be told apart, say
nothing about each other.
"""

from __future__ import annotations

from raceway_core.access import Access

SAME_HOST_NS = 1_000_000


def uncertainty_ns(first: Access, second: Access) -> int | None:
    """Return by how much the stamps of two accesses must differ to be an order; None: they never are."""
    if first.process == second.process and first.process.is_known:
        return 0
    return SAME_HOST_NS if first.host and first.host == second.host else None


def ends_before(first: Access, second: Access) -> bool:
    """Whether the clocks show that `first` had ended when `second` began."""
    uncertainty = uncertainty_ns(first, second)
    return uncertainty is not None and first.end_ns + uncertainty < second.start_ns
