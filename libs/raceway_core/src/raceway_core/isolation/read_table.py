"""The reads of a history as arrays, and the runs of writers that they are compared with.

An *item* is one transaction's read of one key: registers' first, key by key and version by version,
then those of keys with an order, of each the ones that saw most first. A *version* is what one
transaction wrote to a register that somebody read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from raceway_core.isolation.dependency import Dependencies, Register
from raceway_core.isolation.key_order import KeyOrder
from raceway_core.isolation.lane import Flags, Lanes, Numbers
from raceway_core.isolation.run import Runs
from raceway_core.isolation.writes import BEFORE_ALL


class Version(NamedTuple):
    """A version of a register. `number` is its key's."""

    number: int
    key: str
    source: int
    readers: Sequence[int]


class ReadTable(NamedTuple):
    """`key`, `reader`, `source` and `turns` are by item; of a key with an order `source` is BEFORE_ALL.

    The first `registers` items are of registers. `within` tells by key whether it is looked at: whether
    all of its pairs of a read and a run are affordable.
    """

    key: Numbers
    reader: Numbers
    source: Numbers
    turns: Numbers
    registers: int
    versions: Sequence[Version]
    names: Sequence[str]
    runs: Runs
    within: Flags


def read_table(found: Dependencies, lanes: Lanes, most_pairs: int) -> ReadTable:
    """Return the reads of a history; keys are `within` up to so many pairs. Time: O(n log n)."""
    versions = [
        Version(number, register.key, source, readers)
        for number, register in enumerate(found.registers)
        for source, readers in register.readers.items()
    ]
    rows = [(one.number, reader, one.source, 0) for one in versions for reader in one.readers]
    registers = len(rows)
    ordered = list(enumerate(found.orders, start=len(found.registers)))
    for number, order in ordered:
        reads = sorted(order.reads, key=lambda read: -read.turns)
        rows += [(number, reader, BEFORE_ALL, turns) for reader, turns in reads]
    key, reader, source, turns = np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, 4).T.copy()
    entries = [*_of_registers(found.registers)]
    for number, order in ordered:
        entries += [(number, writer, turn) for writer, turn in _last_turns(order).items()]
    runs = Runs(lanes, *np.fromiter(chain.from_iterable(entries), np.int64).reshape(-1, 3).T.copy())
    names = [*(one.key for one in found.registers), *(one.key for one in found.orders)]
    numbers = np.array([one.number for one in versions], dtype=np.int64)
    within = runs.affordable(np.concatenate((key, numbers)), len(names), most_pairs)
    return ReadTable(key, reader, source, turns, registers, versions, names, runs, within)


def _of_registers(registers: Sequence[Register]) -> Iterator[tuple[int, int, int]]:
    for number, register in enumerate(registers):
        yield from ((number, writer, 0) for writer in register.writers)


def _last_turns(order: KeyOrder) -> dict[int, int]:
    """Return up to which turn each writer wrote, counted from 0; what nobody saw is after all of them."""
    last = {writer: turn for turn, writer in enumerate(order.turns)}
    return last | dict.fromkeys(order.unseen, len(order.turns))
