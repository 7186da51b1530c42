"""Events at rest: immutable chunks of a trace's events, in the order they were stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from raceway_common.ports.bus import Position
from raceway_core.batch import Message
from raceway_core.event import TraceId


class StoredTrace(msgspec.Struct, frozen=True):
    """What is stored of one trace: `version` grows with each append; `chunks` may hold duplicates.

    `raceway_common.chunk.events_in` reads them: whoever needs the events unpacks them, nobody before.
    """

    trace_id: TraceId
    version: int
    chunks: tuple[bytes, ...]


class AppendedChunk(msgspec.Struct, frozen=True, gc=False):
    """What one append added to a trace: the chunk that made `version`, as it is stored."""

    trace_id: TraceId
    version: int
    chunk: bytes


class EventStore(Protocol):
    async def append(
        self, messages: Sequence[tuple[Position, Message]], *, now_ns: int
    ) -> Sequence[AppendedChunk]:
        """Keep the events of `messages` and mark their traces due, in one transaction.

        A message whose position was applied before changes nothing and is not in the answer. A
        trace becomes due after a time of quiet, or when it has grown enough since its last analysis
        (`raceway_common.schedule`). Versions of a trace are 1, 2, 3, …: whoever holds all chunks
        up to a version from these answers need not `read` that version.

        Raises:
            Retryable: Nothing was kept.
        """
        ...

    async def read(self, trace_ids: Sequence[TraceId]) -> Mapping[TraceId, StoredTrace]:
        """Return what is stored of each trace; unknown ones are left out."""
        ...

    async def dropped(self) -> Mapping[str, int]:
        """Return what clients said they lost, by reason, each batch counted once."""
        ...
