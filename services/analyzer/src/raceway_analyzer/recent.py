"""The chunks that this process stored last, so that their analysis need not read them back.

The database decides what there is; this only saves reading. A trace is held only while every one of
its chunks was seen here: versions count from 1 without a gap. Nothing ever waits for room: the trace
that was begun first is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence

from raceway_common.ports.event_store import AppendedChunk, StoredTrace
from raceway_common.ports.work_queue import TraceClaim
from raceway_core.event import TraceId


class RecentChunks:
    """Whole traces, as far as they fit into `most_bytes`."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._chunks: dict[TraceId, list[bytes]] = {}

    def add(self, appended: Sequence[AppendedChunk]) -> None:
        """Hold what was just stored. Time: O(1) for each chunk, amortised."""
        for each in appended:
            held = self._chunks.setdefault(each.trace_id, [])
            if len(held) + 1 == each.version:
                held.append(each.chunk)
                self._held_bytes += len(each.chunk)
            else:  # another replica stored some of it, or it was forgotten before
                self._forget(each.trace_id)
        while self._held_bytes > self._most_bytes:
            self._forget(next(iter(self._chunks)))

    def find(self, claim: TraceClaim) -> StoredTrace | None:
        """Return the trace at the claim's version or a newer one, None if it is not held."""
        held = self._chunks.get(claim.trace_id, ())
        if len(held) < claim.version:
            return None
        return StoredTrace(trace_id=claim.trace_id, version=len(held), chunks=tuple(held))

    def _forget(self, trace_id: TraceId) -> None:
        self._held_bytes -= sum(map(len, self._chunks.pop(trace_id)))
