"""What reaches what: for each transaction the writers before it and after it, as bits of an integer.

A row of bits for every pair of transactions would be quadratic in memory, so the writers are taken
in blocks: a block's rows are made by one pass forward and one back over the graph, used, and dropped.
Edges inside a component are left out: on a cycle nothing is before anything.

Time: O(edges · writers / word) for all blocks; memory: O(transactions · block).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raceway_core.component import components_of

_BLOCK = 8_192
"""Writers whose bits are held at a time."""


class Block(NamedTuple):
    """Bit i stands for `writers[i]`; of two that are ordered the first has the lower bit.

    `before[t]` are the writers that reach t, `after[t]` those that t reaches, itself in neither.
    """

    writers: Sequence[int]
    bit: dict[int, int]
    before: Sequence[int]
    after: Sequence[int]

    def mask(self, writers: Sequence[int]) -> int:
        """Return the bits of those writers that are in the block."""
        bit, found = self.bit, 0
        for writer in writers:
            found |= bit.get(writer, 0)
        return found

    def last(self, bits: int) -> int:
        """Return the writer of the highest bit; there is one."""
        return self.writers[bits.bit_length() - 1]

    def latest(self, bits: int) -> Iterator[int]:
        """Yield the writers among `bits` that reach no other of them."""
        while bits:
            writer = self.last(bits)
            yield writer
            bits &= ~(self.bit[writer] | self.before[writer])

    def earliest(self, bits: int) -> Iterator[int]:
        """Yield the writers among `bits` that no other of them reaches."""
        while bits:
            writer = self.writers[(bits & -bits).bit_length() - 1]
            yield writer
            bits &= ~(self.bit[writer] | self.after[writer])


def blocks_of(successors: Sequence[Sequence[int]], writers: frozenset[int]) -> Iterator[Block]:
    """Yield blocks of all `writers`; they are transactions of the graph, whose edges `successors` are."""
    component = components_of(successors)
    order = sorted(range(len(successors)), key=lambda node: -component[node])
    onward = [
        [target for target in targets if component[target] != component[node]]
        for node, targets in enumerate(successors)
    ]
    ranked = [node for node in order if node in writers]
    for start in range(0, len(ranked), _BLOCK):
        yield _block(ranked[start : start + _BLOCK], order, onward)


def _block(writers: Sequence[int], order: Sequence[int], onward: Sequence[Sequence[int]]) -> Block:
    bit = {writer: 1 << place for place, writer in enumerate(writers)}
    before, after = [0] * len(onward), [0] * len(onward)
    for node in order:
        bits = before[node] | bit.get(node, 0)
        if bits:
            for target in onward[node]:
                before[target] |= bits
    for node in reversed(order):
        bits = 0
        for target in onward[node]:
            bits |= after[target] | bit.get(target, 0)
        after[node] = bits
    return Block(writers, bit, before, after)
