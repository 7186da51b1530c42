"""Accepted events as messages for the bus: grouped by trace, cut between events where they are too many.

Almost always all groups fit into one message. Otherwise slices that are too large are halved until
they fit, and messages are filled with slices in order. An event that no message can hold is left
out and reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from raceway_core.batch import Message, TraceSlice, encode_message, slice_of
from raceway_core.event import Event, TraceId


class Numbered(NamedTuple):
    """Events with their places in the client's batch and their times."""

    places: Sequence[int]
    events: Sequence[Event]
    times_ns: Sequence[int]

    def only(self, rows: Sequence[int]) -> Numbered:
        """Return the given rows."""
        places, events, times_ns = self
        return Numbered(
            [places[row] for row in rows], [events[row] for row in rows], [times_ns[row] for row in rows]
        )


class Oversized(NamedTuple):
    """An event that no message can hold."""

    place: int
    event: Event
    size_bytes: int


SLICE_OVERHEAD_BYTES = 96
"""At most what a slice's header takes around its events: a UUID and three integers."""


def cut(numbered: Numbered, empty: Message, most_bytes: int) -> tuple[list[bytes], list[Oversized]]:
    """Return the bytes of as few messages as needed, none longer than `most_bytes`.

    Every message is a copy of `empty` with slices. Time: O(n), O(n log n) when it has to be cut.

    Raises:
        OverflowError: An event holds an integer beyond 64 bits.
    """
    groups = list(_by_trace(numbered))
    slices = [_slice(group) for group in groups]
    body = encode_message(msgspec.structs.replace(empty, slices=tuple(slices)))
    if len(body) <= most_bytes:
        return [body], []
    budget = most_bytes - len(encode_message(empty)) - 8
    oversized: list[Oversized] = []
    pieces = [piece for group in groups for piece in _pieces(group, budget, oversized)]
    filled = _filled(pieces, budget)
    return [encode_message(msgspec.structs.replace(empty, slices=part)) for part in filled], oversized


def _by_trace(numbered: Numbered) -> Iterator[Numbered]:
    rows: defaultdict[TraceId, list[int]] = defaultdict(list)
    for row, event in enumerate(numbered.events):
        rows[event.trace_id].append(row)
    if len(rows) <= 1:
        yield from [numbered] * len(rows)
        return
    for chosen in rows.values():
        yield numbered.only(chosen)


def _slice(group: Numbered) -> TraceSlice:
    return slice_of(group.events[0].trace_id, group.events, group.times_ns)


def _size(piece: TraceSlice) -> int:
    return memoryview(piece.events).nbytes + SLICE_OVERHEAD_BYTES


def _pieces(group: Numbered, budget: int, oversized: list[Oversized]) -> Iterator[TraceSlice]:
    piece = _slice(group)
    if (size := _size(piece)) <= budget:
        yield piece
    elif len(group.events) == 1:
        oversized.append(Oversized(group.places[0], group.events[0], size))
    else:
        middle = len(group.events) // 2
        for half in (range(middle), range(middle, len(group.events))):
            yield from _pieces(group.only(half), budget, oversized)


def _filled(pieces: Sequence[TraceSlice], budget: int) -> Iterator[tuple[TraceSlice, ...]]:
    part: list[TraceSlice] = []
    free = budget
    for piece in pieces:
        if part and _size(piece) > free:
            yield tuple(part)
            part, free = [], budget
        part.append(piece)
        free -= _size(piece)
    if part:
        yield tuple(part)
