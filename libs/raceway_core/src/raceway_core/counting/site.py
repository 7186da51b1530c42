"""Sites: whose clock stamped something."""

from __future__ import annotations

from typing import NamedTuple

from raceway_core.identity import Process

SAME_HOST_UNCERTAINTY_NS = 1_000_000


class Site(NamedTuple):
    """Whose clock it is. Two processes of one name on different hosts are two."""

    process: Process
    host: str


def uncertainty_ns(first: Site, second: Site) -> int | None:
    """Return how far the clocks of two sites may disagree; None across hosts."""
    if first.host != second.host:
        return None
    if first.process == second.process:
        return 0
    return SAME_HOST_UNCERTAINTY_NS if first.host else None
