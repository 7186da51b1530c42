"""Events at rest, in SQL (`raceway_common.ports.event_store`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import anyio
from sqlalchemy import Connection, Row

from raceway_common.adapters.sql.work import TRACES
from raceway_common.chunk import join_arrays
from raceway_common.compression import compress
from raceway_common.database.database import Database
from raceway_common.database.statement import BYTES, INT, TEXT, Statement
from raceway_common.ports.bus import Position
from raceway_common.ports.event_store import AppendedChunk, StoredTrace
from raceway_common.schedule import PACE, Pace
from raceway_common.schema.keys import key_of
from raceway_core.batch import Message, TraceSlice
from raceway_core.event import TraceId

_APPLY = Statement(
    """insert into applied_messages (epoch, sequence, applied_ns)
    select epoch, sequence, cast(:now as bigint) from {rows} where true
    on conflict do nothing returning epoch, sequence""",
    epoch=TEXT,
    sequence=INT,
)
_ADD_CHUNKS = Statement(
    """insert into chunks (number, version, created_ns, event_count, body)
    select number, version, cast(:now as bigint), event_count, body from {rows}""",
    number=INT,
    version=INT,
    event_count=INT,
    body=BYTES,
)
_APPLY_BATCHES = Statement(
    """insert into dropped_batches (batch_key, applied_ns)
    select batch_key, cast(:now as bigint) from {rows} where true
    on conflict do nothing returning batch_key""",
    batch_key=BYTES,
)
_ADD_DROPPED = Statement(
    """insert into dropped_events (reason, count) select reason, count from {rows} where true
    on conflict (reason) do update set count = dropped_events.count + excluded.count""",
    reason=TEXT,
    count=INT,
)
_READ = Statement(
    """select traces.trace_id, chunks.version, chunks.body
    from {rows} join traces on traces.trace_id = r.trace_id join chunks on chunks.number = traces.number
    order by traces.trace_id, chunks.version""",
    trace_id=TEXT,
)
_DROPPED = Statement("select reason, count from dropped_events order by reason")

_LONGEST_REASON = 200
"""Reasons are indexed, and clients send them."""

Messages = Mapping[Position, Message]


class _Piece(NamedTuple):
    """What a batch of messages adds to one trace."""

    trace_id: TraceId
    event_count: int
    body: bytes


class SqlEventStore:
    def __init__(self, database: Database, *, pace: Pace = PACE) -> None:
        self._database = database
        self._pace = pace

    async def append(
        self, messages: Sequence[tuple[Position, Message]], *, now_ns: int
    ) -> Sequence[AppendedChunk]:
        by_position = dict(messages)
        if not by_position:
            return ()
        pieces = await anyio.to_thread.run_sync(_pieces_of, by_position)
        return await self._database.write(partial(self._append, by_position, pieces, now_ns))

    def _append(
        self, messages: Messages, pieces: Sequence[_Piece], now_ns: int, connection: Connection
    ) -> list[AppendedChunk]:
        fresh = _apply(connection, messages, now_ns)
        if len(fresh) < len(messages):
            pieces = _pieces_of(fresh)
        chunks = self._add_chunks(connection, pieces, now_ns)
        _count_dropped(connection, fresh, now_ns)
        return chunks

    def _add_chunks(
        self, connection: Connection, pieces: Sequence[_Piece], now_ns: int
    ) -> list[AppendedChunk]:
        if not pieces:
            return []
        growth = [(piece.trace_id, piece.event_count) for piece in pieces]
        touched = TRACES.touch(connection, growth, now_ns=now_ns, pace=self._pace)
        places = [touched[piece.trace_id,] for piece in pieces]
        rows = [
            (place.number, place.version, piece.event_count, piece.body)
            for place, piece in zip(places, pieces, strict=True)
        ]
        _ADD_CHUNKS.run(connection, rows, now=now_ns)
        return [
            AppendedChunk(piece.trace_id, place.version, piece.body)
            for place, piece in zip(places, pieces, strict=True)
        ]

    async def read(self, trace_ids: Sequence[TraceId]) -> Mapping[TraceId, StoredTrace]:
        wanted = [(trace_id,) for trace_id in set(trace_ids)]
        rows = await self._database.read(lambda connection: _READ.run(connection, wanted).all())
        return _traces_of(rows)

    async def dropped(self) -> Mapping[str, int]:
        rows = await self._database.read(lambda connection: _DROPPED.run(connection).all())
        return {reason: int(count) for reason, count in rows}


def _pieces_of(messages: Messages) -> list[_Piece]:
    """Return one piece per trace, in order of trace ids."""
    slices: dict[TraceId, list[TraceSlice]] = {}
    for message in messages.values():
        for part in message.slices:
            slices.setdefault(part.trace_id, []).append(part)
    return [_piece_of(trace_id, slices[trace_id]) for trace_id in sorted(slices)]


def _piece_of(trace_id: TraceId, slices: Sequence[TraceSlice]) -> _Piece:
    events = join_arrays([part.events for part in slices])
    return _Piece(trace_id, sum(part.count for part in slices), compress(events))


def _apply(connection: Connection, messages: Messages, now_ns: int) -> Messages:
    """Note the messages as applied and return those that were not before."""
    positions = sorted((position.epoch, position.sequence) for position in messages)
    rows = _APPLY.run(connection, positions, now=now_ns).all()
    fresh = {Position(epoch, sequence) for epoch, sequence in rows}
    return {position: message for position, message in messages.items() if position in fresh}


def _count_dropped(connection: Connection, messages: Messages, now_ns: int) -> None:
    batches = {
        _batch_key(position, message): message.dropped
        for position, message in messages.items()
        if message.dropped
    }
    if not batches:
        return
    fresh = _APPLY_BATCHES.run(connection, [(key,) for key in sorted(batches)], now=now_ns).scalars().all()
    counts: dict[str, int] = {}
    for key in fresh:
        for reason, count in batches[key].items():
            short = reason[:_LONGEST_REASON]
            counts[short] = counts.get(short, 0) + count
    _ADD_DROPPED.run(connection, sorted(counts.items()))


def _batch_key(position: Position, message: Message) -> bytes:
    if message.batch_id:
        return key_of(message.batch_id, message.source)
    return key_of(position.epoch, str(position.sequence), message.source)


def _traces_of(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[TraceId, StoredTrace]:
    traces: dict[TraceId, StoredTrace] = {}
    for trace_id, group in groupby(rows, key=lambda row: row[0]):
        chunks = list(group)
        bodies = tuple(body for _, _, body in chunks)
        traces[trace_id] = StoredTrace(trace_id, chunks[-1][1], bodies)
    return traces
