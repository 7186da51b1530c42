"""Lost updates: an update overwrote another transaction's write that its read had not seen.

An update is a write with a read of the same key before it in its transaction. Two updates of one
version of a register are one lost, whichever was later. Where the versions have an order, an update
loses what lies between the version that it read and its own, also what was written blindly.

Source: Adya 1999 (P4); Kingsbury & Alvaro 2020 (the pair that read one version).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from raceway_core.isolation.dependency import Dependencies, Register
from raceway_core.isolation.graph import Edge, EdgeKind, Step
from raceway_core.isolation.key_order import KeyOrder

MOST_IN_PAIRS = 32
"""Of more updates of one version, each is shown with the next only."""


class Loss(NamedTuple):
    """A cycle of two: an update and a write of `key`, of which one was lost."""

    key: str
    cycle: tuple[Step, Step]

    @property
    def pair(self) -> tuple[int, int]:
        """The two transactions, the smaller number first."""
        first, second = self.cycle[0].source, self.cycle[1].source
        return (first, second) if first < second else (second, first)


def lost_updates(found: Dependencies) -> list[Loss]:
    """Return the lost updates, one of two transactions and a key. Time: O(reads + what is returned)."""
    losses: dict[tuple[str, tuple[int, int]], Loss] = {}
    for register in found.registers:
        for loss in _of_register(register):
            losses.setdefault((loss.key, loss.pair), loss)
    for order in found.orders:
        for loss in _of_order(order):
            losses.setdefault((loss.key, loss.pair), loss)
    return list(losses.values())


def _of_register(register: Register) -> Iterator[Loss]:
    writers = frozenset(register.writers)
    for readers in register.readers.values():
        yield from _of_one_version(register.key, [reader for reader in readers if reader in writers])


def _of_one_version(key: str, updates: Sequence[int]) -> Iterator[Loss]:
    pairs = combinations(updates, 2) if len(updates) <= MOST_IN_PAIRS else pairwise(updates)
    for first, second in pairs:
        there, back = Edge(second, EdgeKind.RW, key), Edge(first, EdgeKind.RW, key)
        yield Loss(key, (Step(first, there), Step(second, back)))


def _of_order(order: KeyOrder) -> Iterator[Loss]:
    places: dict[int, list[int]] = {}
    for place, writer in enumerate(order.turns):
        places.setdefault(writer, []).append(place)
    unseen = frozenset(order.unseen)
    for reader, turns in order.reads:
        own = places.get(reader, [])
        after = bisect_left(own, turns)
        end = own[after] if after < len(own) else len(order.turns)
        if after < len(own) or reader in unseen:
            for lost in order.turns[turns : min(end, turns + MOST_IN_PAIRS)]:
                missed, overwrote = Edge(lost, EdgeKind.RW, order.key), Edge(reader, EdgeKind.WW, order.key)
                yield Loss(order.key, (Step(reader, missed), Step(lost, overwrote)))
    yield from _of_one_version(order.key, [one for one, _ in order.reads if one in unseen])
