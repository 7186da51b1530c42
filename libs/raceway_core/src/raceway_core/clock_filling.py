"""The pass that computes the clocks of a graph, whatever they are kept as.

In the order of a linear extension each clock begins with what the one before it on its chain knows and
learns from its causes. A chain gets its lane with its first clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from raceway_core.graph.event_table import NONE
from raceway_core.graph.lane import Lanes
from raceway_core.graph.segment import Segments

Clock: TypeAlias = Mapping[int, int]
"""By lane the greatest position known."""


class TooManyEntries(Exception):
    """The clocks take too much memory as what they were to be kept as."""


class Filling(ABC):
    """Computes the clocks of the segments. What a clock is, each kind of filling decides."""

    kept: int
    """Number of lanes, the first ones, that clocks know of."""

    def __init__(self, segments: Segments, lanes: Lanes, positions: Sequence[int]) -> None:
        self._segments = segments
        self._positions = positions
        self.lanes = lanes

    def fill(self, sequence: Sequence[int]) -> None:
        """Compute the clocks in this order, and give a chain without a lane one.

        Raises:
            TooManyEntries: They take too much memory.
        """
        segments, lanes = self._segments, self.lanes
        for segment in sequence:
            before = segments.befores[segment]
            self._begin(segment, before)
            for source in segments.sources[segment]:
                cause = segments.of_node[source]
                chain = segments.chains[cause]
                position = lanes.offsets[chain] + self._positions[source]
                self._learn(segment, cause, lanes.of_chain[chain], position)
            self._end(segment)
            if before == NONE and lanes.of_chain[segments.chains[segment]] == NONE:
                lanes.place(segments.chains[segment], self._followed(segment))

    @abstractmethod
    def clocks(self) -> Sequence[Clock]:
        """Return what was computed, by segment."""

    @abstractmethod
    def _begin(self, segment: int, before: int) -> None:
        """Let a clock know what the one before it on its chain does."""

    @abstractmethod
    def _learn(self, segment: int, cause: int, lane: int, position: int) -> None:
        """Let a clock know what that of `cause` does, and the position at which that was."""

    @abstractmethod
    def _end(self, segment: int) -> None:
        """See to a clock that knows everything."""

    @abstractmethod
    def _followed(self, segment: int) -> Iterable[int]:
        """Return lanes, ascending, of which a clock knows all that there is so far.

        The first of the process of the clock's chain is among them.
        """
