"""What is held of the traces that were stored last."""

from __future__ import annotations

import pytest

from raceway_analyzer.recent import RecentChunks
from raceway_common.ports.event_store import AppendedChunk
from raceway_common.ports.work_queue import TraceClaim
from raceway_core.event import TraceId


def _chunk(trace: str, version: int, events: bytes = b"x" * 10) -> AppendedChunk:
    return AppendedChunk(TraceId(trace), version, events)


def _held(recent: RecentChunks, trace: str, version: int) -> tuple[int, tuple[bytes, ...]] | None:
    found = recent.find(TraceClaim(TraceId(trace), version))
    return (found.version, found.chunks) if found else None


def test_a_whole_trace_is_found_at_its_newest_version() -> None:
    recent = RecentChunks(100)
    recent.add([_chunk("a", 1, b"1"), _chunk("b", 1), _chunk("a", 2, b"2")])

    assert _held(recent, "a", 1) == _held(recent, "a", 2) == (2, (b"1", b"2"))
    assert _held(recent, "a", 3) is None
    assert _held(recent, "c", 1) is None


@pytest.mark.parametrize("versions", [[2], [1, 3], [1, 2, 4], [1, 1]])
def test_a_gap_forgets_the_trace(versions: list[int]) -> None:
    recent = RecentChunks(100)
    for version in versions:
        recent.add([_chunk("a", version)])

    assert _held(recent, "a", 1) is None


def test_what_does_not_fit_goes_oldest_first() -> None:
    recent = RecentChunks(25)
    recent.add([_chunk("a", 1), _chunk("b", 1), _chunk("c", 1)])

    assert _held(recent, "a", 1) is None
    assert _held(recent, "b", 1)
    recent.add([_chunk("d", 1, b"x" * 30)])
    assert [_held(recent, name, 1) for name in "abcd"] == [None] * 4
    recent.add([_chunk("e", 1, b"x" * 25)])
    assert _held(recent, "e", 1)
