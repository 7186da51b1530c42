"""Accepted events as messages for the bus: grouped by trace, cut between events where they are too many.

Almost always all groups fit into one message. Otherwise slices that are too large are halved until
they fit, and messages are filled with slices in order. An event that no message can hold is left
out and reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from raceway_core.batch import Message, TraceSlice, encode_message, slice_of
from raceway_core.event import Event, TraceId
from raceway_core.time import SpanReader, span_reader


class Oversized(NamedTuple):
    """An event that no message can hold."""

    event: Event
    size_bytes: int


class Cut(NamedTuple):
    """Messages, what they have no room for, and the events of either, encoded, in pieces."""

    messages: tuple[bytes, ...]
    oversized: Sequence[Oversized]
    encoded: Sequence[bytes]


SLICE_OVERHEAD_BYTES = 96
"""At most what a slice's header takes around its events: a UUID and three integers."""


def cut(events: Sequence[Event], empty: Message, most_bytes: int) -> Cut:
    """Return as few messages as needed, none longer than `most_bytes`.

    Every message is a copy of `empty` with slices. Time: O(n), O(n log n) when it has to be cut.

    Raises:
        OverflowError: An event holds an integer beyond 64 bits.
        Rejected: A timestamp cannot be read.
    """
    span_of = span_reader([event.timestamp for event in events])
    slices = [_slice(group, span_of) for group in _by_trace(events)]
    body = encode_message(msgspec.structs.replace(empty, slices=tuple(slices)))
    encoded = [bytes(piece.events) for piece in slices]
    if len(body) <= most_bytes:
        return Cut((body,), (), encoded)
    budget = most_bytes - len(encode_message(empty)) - 8
    oversized: list[Oversized] = []
    pieces = [piece for group in _by_trace(events) for piece in _pieces(group, span_of, budget, oversized)]
    filled = _filled(pieces, budget)
    messages = tuple(encode_message(msgspec.structs.replace(empty, slices=part)) for part in filled)
    return Cut(messages, oversized, encoded)


def _by_trace(events: Sequence[Event]) -> Iterable[list[Event]]:
    groups: defaultdict[TraceId, list[Event]] = defaultdict(list)
    for event in events:
        groups[event.trace_id].append(event)
    return groups.values()


def _slice(group: Sequence[Event], span_of: SpanReader) -> TraceSlice:
    return slice_of(group[0].trace_id, group, span_of([event.timestamp for event in group]))


def _size(piece: TraceSlice) -> int:
    return memoryview(piece.events).nbytes + SLICE_OVERHEAD_BYTES


def _pieces(
    group: Sequence[Event], span_of: SpanReader, budget: int, oversized: list[Oversized]
) -> Iterator[TraceSlice]:
    piece = _slice(group, span_of)
    if (size := _size(piece)) <= budget:
        yield piece
    elif len(group) == 1:
        oversized.append(Oversized(group[0], size))
    else:
        middle = len(group) // 2
        yield from _pieces(group[:middle], span_of, budget, oversized)
        yield from _pieces(group[middle:], span_of, budget, oversized)


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
