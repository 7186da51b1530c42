"""Every end of a delivery: stored, refused, or asked for again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import anyio
import pytest
from tests.unit.analyzer.rig import SECOND_NS, Rig, open_rig
from tests.unit.core.build import Story

from raceway_analyzer.store_loop import StoreLoop
from raceway_common.chunk import events_in
from raceway_common.ports.bus import Position
from raceway_common.ports.event_store import AppendedChunk, EventStore, StoredTrace
from raceway_core.batch import Message, decode_message
from raceway_core.errors import Rejected, Retryable
from raceway_core.event import TraceId

pytestmark = pytest.mark.anyio


class Moody(EventStore):
    """A store that raises `mood` while it has one, for messages in which it sees `trace_id`."""

    def __init__(self, rig: Rig, mood: Exception | None = None, trace_id: str = "") -> None:
        self._events = rig.stores.events
        self.mood = mood
        self._trace_id = trace_id

    async def append(
        self, messages: Sequence[tuple[Position, Message]], *, now_ns: int
    ) -> Sequence[AppendedChunk]:
        seen = {each.trace_id for _, message in messages for each in message.slices}
        if self.mood and (not self._trace_id or self._trace_id in seen):
            raise self.mood
        return await self._events.append(messages, now_ns=now_ns)

    async def read(self, trace_ids: Sequence[TraceId]) -> Mapping[TraceId, StoredTrace]:
        return await self._events.read(trace_ids)

    async def dropped(self) -> Mapping[str, int]:
        return await self._events.dropped()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path) as opened:
        yield opened


def _trace(name: str) -> Story:
    story = Story(name)
    story.call("main")
    return story


def _loop(rig: Rig, store: EventStore | None = None, heard: list[AppendedChunk] | None = None) -> StoreLoop:
    on_stored = heard.extend if heard is not None else lambda _: None
    return StoreLoop(rig.bus, store or rig.stores.events, now_ns=rig.now_ns, on_stored=on_stored)


async def _stored(rig: Rig, *trace_ids: str) -> dict[str, int]:
    """Return how many events are stored of each trace."""
    found = await rig.stores.events.read([TraceId(trace_id) for trace_id in trace_ids])
    return {trace_id: len(events_in(stored.chunks)) for trace_id, stored in found.items()}


async def test_stores_tells_and_acknowledges(rig: Rig) -> None:
    heard: list[AppendedChunk] = []
    await rig.put(_trace("a").events, _trace("b").events)
    await rig.put(_trace("a").events)
    async with rig.bus.subscribe() as inbox:
        await _loop(rig, heard=heard).settle(await inbox.fetch(10))

    assert await _stored(rig, "a", "b") == {"a": 2, "b": 1}
    assert {(chunk.trace_id, chunk.version) for chunk in heard} == {("a", 1), ("b", 1)}
    assert await rig.bus.backlog() == 0


async def test_what_was_stored_but_not_acknowledged_is_not_stored_twice(rig: Rig) -> None:
    await rig.put(_trace("a").events)
    async with rig.bus.subscribe() as inbox:
        (delivery,) = await inbox.fetch(10)
        await rig.stores.events.append(
            [(delivery.position, decode_message(delivery.body))], now_ns=rig.now_ns()
        )
    async with rig.bus.subscribe() as inbox:  # the first consumer died before it acknowledged
        await _loop(rig).settle(await inbox.fetch(10))

    assert await _stored(rig, "a") == {"a": 1}
    assert await rig.bus.backlog() == 0


async def test_poison_becomes_a_dead_letter_and_the_others_go_on(rig: Rig) -> None:
    await rig.put(_trace("a").events)
    await rig.put_bytes(b"not a message")
    await rig.put(_trace("b").events)
    async with rig.bus.subscribe() as inbox:
        await _loop(rig).settle(await inbox.fetch(10))

    (letter,) = await rig.bus.dead_letters(10)
    assert letter.body == b"not a message"
    assert "not a Raceway bus message" in letter.reason
    assert await _stored(rig, "a", "b") == {"a": 1, "b": 1}
    assert await rig.bus.backlog() == 0


async def test_a_message_that_the_store_refuses_is_found_among_others(rig: Rig) -> None:
    for name in "abc":
        await rig.put(_trace(name).events)
    store = Moody(rig, Rejected("b is not welcome"), trace_id="b")
    async with rig.bus.subscribe() as inbox:
        await _loop(rig, store).settle(await inbox.fetch(10))

    (letter,) = await rig.bus.dead_letters(10)
    assert letter.reason == "b is not welcome"
    assert await _stored(rig, "a", "b", "c") == {"a": 1, "c": 1}
    assert await rig.bus.backlog() == 0


@pytest.mark.parametrize("mood", [Retryable("the database is away"), RuntimeError("a fault of ours")])
async def test_what_cannot_be_stored_now_is_delivered_again(rig: Rig, mood: Exception) -> None:
    await rig.put(_trace("a").events)
    store = Moody(rig, mood)
    loop = _loop(rig, store)
    async with rig.bus.subscribe() as inbox:
        await loop.settle(await inbox.fetch(10))
        assert await _stored(rig, "a") == {}
        assert await rig.bus.backlog() == 1

        store.mood = None
        rig.now_ns.now_ns += SECOND_NS
        (again,) = await inbox.fetch(10)
        assert again.delivery_count == 2
        await loop.settle([again])

    assert await _stored(rig, "a") == {"a": 1}
    assert await rig.bus.backlog() == 0


async def test_it_goes_on_until_it_is_cancelled(rig: Rig) -> None:
    stored = anyio.Event()
    loop = StoreLoop(rig.bus, rig.stores.events, now_ns=rig.now_ns, on_stored=lambda _: stored.set())
    async with anyio.create_task_group() as group:
        await group.start(loop.run)
        await rig.put(_trace("a").events)
        with anyio.fail_after(5):
            await stored.wait()
        group.cancel_scope.cancel()

    assert await _stored(rig, "a") == {"a": 1}
