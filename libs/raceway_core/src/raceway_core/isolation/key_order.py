"""The order of a key's versions, where a read shows it: a list by its elements, versions by number.

A *turn* is a stretch of versions that one transaction made. A read has seen the first so many turns,
so the next one is what it missed. What was appended and never read comes after all that was.

Sources: Kingsbury & Alvaro 2020 (traceability: a list is its own history); Adya 1999 (version order).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from raceway_core.isolation.evidence import Evidence
from raceway_core.isolation.history import ListValue, Value
from raceway_core.isolation.writes import KeyWrites


class Read(NamedTuple):
    """A read that had seen the first `turns` turns of its key."""

    reader: int
    turns: int


class Strayed(NamedTuple):
    """A read of a list that no single order explains, with the turns as it shows them."""

    reader: int
    turns: Sequence[int]
    missed: int | None


class KeyOrder(NamedTuple):
    """`turns` are transactions, `unseen` those whose writes nobody saw: after all turns."""

    key: str
    turns: Sequence[int]
    unseen: Sequence[int]
    reads: Sequence[Read]
    strayed: Sequence[Strayed] = ()


Reads = Sequence[tuple[int, Value]]


def order_of(evidence: Evidence, key: str, reads: Reads) -> KeyOrder:
    """Return the order of a list or of a numbered key. Time: O(writes + what was read)."""
    writes = evidence.writes[key]
    return (_numbered if writes.is_numbered else _listed)(evidence, key, writes, reads)


def _numbered(evidence: Evidence, key: str, writes: KeyWrites, reads: Reads) -> KeyOrder:
    made = sorted(
        (value, writer)
        for writer, values in writes.made.items()
        for value in values
        if evidence.counts[writer] and isinstance(value, int)
    )
    turns, begun = _turns([writer for _, writer in made])
    versions = [value for value, _ in made]
    placed = [Read(reader, begun[bisect_right(versions, _number(value))]) for reader, value in reads]
    return KeyOrder(key, turns, (), placed)


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _listed(evidence: Evidence, key: str, writes: KeyWrites, reads: Reads) -> KeyOrder:
    lists = [(reader, value if isinstance(value, tuple) else ()) for reader, value in reads]
    longest = max((value for _, value in lists), key=len, default=())
    turns, begun = _turns_of(evidence, writes, longest)
    placed, strayed = [], []
    for reader, value in lists:
        if value == longest[: len(value)]:
            placed.append(Read(reader, begun[len(value)]))
        else:
            strayed.append(_strayed(evidence, writes, reader, value, longest))
    unseen = [writer for writer in writes.made if evidence.counts[writer]]
    seen = frozenset(turns)
    return KeyOrder(key, turns, [one for one in unseen if one not in seen], placed, strayed)


def _turns_of(evidence: Evidence, writes: KeyWrites, value: ListValue) -> tuple[list[int], list[int]]:
    writers = [writes.writer(one) for one in value]
    return _turns([one if evidence.counts[one] else None for one in writers])


def _strayed(
    evidence: Evidence, writes: KeyWrites, reader: int, value: ListValue, longest: ListValue
) -> Strayed:
    held = frozenset(value)
    missed = next((one for one in longest if one not in held), None)
    writer = None if missed is None else writes.writer(missed)
    is_counted = writer is not None and evidence.counts[writer]
    return Strayed(reader, _turns_of(evidence, writes, value)[0], writer if is_counted else None)


def _turns(writers: Sequence[int | None]) -> tuple[list[int], list[int]]:
    """Return the turns, and how many had begun after each number of versions. None has no turn."""
    turns: list[int] = []
    begun = [0]
    for writer in writers:
        if writer is not None and (not turns or turns[-1] != writer):
            turns.append(writer)
        begun.append(len(turns))
    return turns, begun
