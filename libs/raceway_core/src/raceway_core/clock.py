"""Vector clocks over lanes: who happens before whom, in one comparison.

A lane is a sequence of chains of one process that follow one another; a position counts its nodes
from 1. The clock of a node tells for each lane the greatest position that happens before it, or is
it. Event e happens before event f iff `clock(start of f)[lane(e)] >= position(end of e)`, e != f.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from raceway_core.causal_graph import CausalGraph, Edge


class Clocks:
    """An order of the events of one graph. All events of a lane belong to one process."""

    lane: Sequence[int]
    """By event: its lane."""

    position: Sequence[int]
    """By event: the position of its end on its lane, from 1."""

    rank: Sequence[int]
    """By event: its place in a linear extension; the same for equal sets of events."""

    width: int
    """Number of lanes."""

    is_too_wide: bool
    """Whether lanes were left out; then absence from a clock proves nothing."""

    def happens_before(self, first: int, second: int) -> bool:
        """Whether event `first` ended before event `second` began. Time: O(1)."""
        raise NotImplementedError

    def rows(self, events: Sequence[int], lanes: Sequence[int]) -> npt.NDArray[np.int64]:
        """Return the clocks of the starts of `events`, as a (len(events), len(lanes)) array."""
        raise NotImplementedError

    def shown(self, event: int) -> tuple[tuple[str, int], ...]:
        """Return the clock of an event's end for a reader: (component, n), n > 0, sorted."""
        raise NotImplementedError


def clocks_of(graph: CausalGraph, more: Sequence[Edge] = ()) -> Clocks:
    """Order the events by the graph's edges and `more`; edges of `more` that would close a cycle
    are left out. Lanes are the same whatever `more` is.
    """
    raise NotImplementedError
