"""The relation between accesses of different traces that all pairs have.

That their transactions overlap is `raceway_core.counting.overlap`, that a lock was handed over
`raceway_core.across.lock`.
"""

from __future__ import annotations

import numpy as np

from raceway_core.counting.interval_count import Flags, Integers


class Everything:
    """The relation that all pairs have."""

    def between(self, first: Integers, second: Integers) -> int:
        return len(first) * len(second)

    def within(self, chosen: Integers) -> int:
        return len(chosen) * (len(chosen) - 1) // 2

    def holds(self, first: Integers, second: Integers) -> Flags:
        return np.ones(np.broadcast(first, second).shape, dtype=np.bool_)
