"""Lines: the ways of tasks that have no cause in common, as a program for the search for a schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raceway_core.locking.program import Step
from raceway_core.locking.span import key_of
from raceway_core.locking.way import Move, Way


class Lines:
    """Chains, one per way, that stand where their ways end. Each is its number among them."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self.steps: Sequence[Sequence[Step]] = [
            [_step(place, move) for place, move in enumerate(way)] for way in ways
        ]
        self.step_of: Mapping[int, tuple[int, int]] = {}

    @property
    def ends(self) -> dict[int, int]:
        """The places where the ways end."""
        return {chain: len(steps) for chain, steps in enumerate(self.steps)}

    def goals(self, places: Mapping[int, int]) -> dict[int, int]:
        """Return how many steps each chain has taken at its place: as many."""
        return dict(places)

    def limits(self, places: Mapping[int, int]) -> dict[int, int] | None:
        """Return the same: no chain waits for a cause in another one."""
        return dict(places)


def _step(place: int, move: Move) -> Step:
    if move.is_acquire:
        return Step(place, acquires=move.lock)
    return Step(place, releases=key_of(move.lock))
