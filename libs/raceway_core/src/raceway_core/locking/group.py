"""Groups of tasks that could be a cycle of patterns: one task for each, none twice.

Chains of one lane ran one after another, so no two of them ever meet. Of each choice of lanes it is
asked first whether anything on them meets at all; so a thousand tasks in a row count as one, and only
tasks that really ran side by side are tried against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from raceway_core.clock import Clocks
from raceway_core.locking.meeting import meetings
from raceway_core.locking.want import Want

ByLane: TypeAlias = dict[int, list[Want]]
Group: TypeAlias = tuple[Want, ...]


class TooManyGroups(Exception):
    """The groups asked about have become too many."""


class Grouping:
    """Finds groups for cycles of patterns, until it has looked at `most` events in all."""

    def __init__(self, clocks: Clocks, most: int) -> None:
        self._clocks = clocks
        self._left = most

    def by_lane(self, wants: Sequence[Want]) -> ByLane:
        """Return the wants of one pattern by the lane that they are on."""
        lanes: ByLane = {}
        for want in wants:
            lanes.setdefault(self._clocks.lane[want.events[0]], []).append(want)
        return lanes

    def groups(self, choices: Sequence[ByLane]) -> Iterator[Group]:
        """Yield groups with a want of each choice, all that have a chance to meet.

        Raises:
            TooManyGroups: It has looked at as much as it may.
        """
        for lanes in self._lanes(choices, ()):
            yield from self._wants([by_lane[lane] for by_lane, lane in zip(choices, lanes, strict=True)], ())

    def _lanes(self, choices: Sequence[ByLane], chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Yield different lanes, one of each choice, on which something meets. As deep as choices."""
        if len(chosen) > 1 and not self._meet(choices, chosen):
            return
        if len(chosen) == len(choices):
            yield chosen
            return
        for lane in choices[len(chosen)]:
            if lane not in chosen:
                yield from self._lanes(choices, (*chosen, lane))

    def _meet(self, choices: Sequence[ByLane], lanes: tuple[int, ...]) -> bool:
        position = self._clocks.position
        sequences = [
            sorted(
                (event for want in choices[place][lane] for event in want.events), key=position.__getitem__
            )
            for place, lane in enumerate(lanes)
        ]
        self._count(sum(map(len, sequences)))
        return next(meetings(sequences, self._clocks), None) is not None

    def _wants(self, choices: Sequence[Sequence[Want]], chosen: Group) -> Iterator[Group]:
        if len(chosen) == len(choices):
            self._count(sum(len(want.events) for want in chosen))
            yield chosen
            return
        taken = {chain for want in chosen for chain in want.chains}
        for want in choices[len(chosen)]:
            if taken.isdisjoint(want.chains):
                yield from self._wants(choices, (*chosen, want))

    def _count(self, events: int) -> None:
        self._left -= events
        if self._left < 0:
            raise TooManyGroups
