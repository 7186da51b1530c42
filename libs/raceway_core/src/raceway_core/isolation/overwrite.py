"""Lost updates: an update overwrote another transaction's write that its read had not seen.

An update is a write with a read of the same key before it in its transaction. Two updates of one
version of a register are one lost, whichever was later. Where the versions have an order, an update
loses what lies between the version that it read and its own, also what was written blindly.

Source: Adya 1999 (P4); Kingsbury & Alvaro 2020 (the pair that read one version).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain, combinations, pairwise
from typing import NamedTuple

from raceway_core.isolation.dependency import Dependencies, Register
from raceway_core.isolation.graph import Edge, EdgeKind, Step
from raceway_core.isolation.key_order import KeyOrder

MOST_IN_PAIRS = 32
"""Of more updates of one version, each is shown with the next only; of a read so many that it missed."""


class Loss(NamedTuple):
    """A cycle of two: an update and a write of `key`, of which one was lost."""

    key: str
    cycle: tuple[Step, Step]

    @property
    def pair(self) -> tuple[int, int]:
        """The two transactions, the smaller number first."""
        first, second = self.cycle[0].source, self.cycle[1].source
        return (first, second) if first < second else (second, first)


class Losses(NamedTuple):
    """The lost updates, one of two transactions and a key; if it is cut, there are more pairs."""

    found: Sequence[Loss]
    is_cut: bool


def lost_updates(found: Dependencies) -> Losses:
    """Return the lost updates. Time: O(reads + what is returned)."""
    search = _Search()
    losses: dict[tuple[str, tuple[int, int]], Loss] = {}
    of_registers = chain.from_iterable(map(search.of_register, found.registers))
    of_orders = chain.from_iterable(map(search.of_order, found.orders))
    for loss in chain(of_registers, of_orders):
        losses.setdefault((loss.key, loss.pair), loss)
    return Losses(list(losses.values()), search.is_cut)


class _Search:
    def __init__(self) -> None:
        self.is_cut = False

    def of_register(self, register: Register) -> Iterator[Loss]:
        writers = frozenset(register.writers)
        for readers in register.readers.values():
            yield from self._of_one_version(register.key, [one for one in readers if one in writers])

    def _of_one_version(self, key: str, updates: Sequence[int]) -> Iterator[Loss]:
        are_many = len(updates) > MOST_IN_PAIRS
        self.is_cut |= are_many
        for first, second in pairwise(updates) if are_many else combinations(updates, 2):
            there, back = Edge(second, EdgeKind.RW, key), Edge(first, EdgeKind.RW, key)
            yield Loss(key, (Step(first, there), Step(second, back)))

    def of_order(self, order: KeyOrder) -> Iterator[Loss]:
        places: dict[int, list[int]] = {}
        for place, writer in enumerate(order.turns):
            places.setdefault(writer, []).append(place)
        unseen = frozenset(order.unseen)
        for reader, turns in order.reads:
            own = places.get(reader, [])
            after = bisect_left(own, turns)
            end = own[after] if after < len(own) else len(order.turns)
            if after < len(own) or reader in unseen:
                self.is_cut |= end - turns > MOST_IN_PAIRS
                for lost in order.turns[turns : min(end, turns + MOST_IN_PAIRS)]:
                    yield _overwritten(order.key, reader, lost)
        yield from self._of_one_version(order.key, [one for one, _ in order.reads if one in unseen])


def _overwritten(key: str, reader: int, lost: int) -> Loss:
    missed, overwrote = Edge(lost, EdgeKind.RW, key), Edge(reader, EdgeKind.WW, key)
    return Loss(key, (Step(reader, missed), Step(lost, overwrote)))
