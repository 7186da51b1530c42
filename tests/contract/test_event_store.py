"""The contract of the EventStore port, over every database."""

from __future__ import annotations

import anyio
import msgspec
import pytest
from tests.contract.store_rig import T0, Stores, chunk, message, stores_on

from raceway_common.compression import compress, decompress
from raceway_common.database.database import Database
from raceway_common.ports.bus import Position
from raceway_core.batch import Message, TraceSlice
from raceway_core.event import TraceId

pytestmark = pytest.mark.anyio

A, B = TraceId("trace-a"), TraceId("trace-b")


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


def _at(sequence: int, epoch: str = "stream") -> Position:
    return Position(epoch, sequence)


async def test_what_was_appended_is_read_back_in_order(stores: Stores) -> None:
    await stores.events.append([(_at(1), message(A, B, words=("1",)))], now_ns=T0)
    await stores.events.append([(_at(2), message(A, words=("2", "3")))], now_ns=T0 + 1)

    stored = await stores.events.read([A, B, TraceId("unknown")])

    assert stored.keys() == {A, B}
    assert (stored[A].version, stored[A].chunks) == (2, (compress(chunk("1")), compress(chunk("2", "3"))))
    assert (stored[B].version, stored[B].chunks) == (1, (compress(chunk("1")),))


async def test_one_append_makes_one_chunk_of_a_trace_however_many_messages_bring_it(stores: Stores) -> None:
    many = tuple(str(number) for number in range(20))
    appended = await stores.events.append(
        [(_at(1), message(A, words=("x",))), (_at(2), message(A, B, A, words=many))], now_ns=T0
    )

    stored = await stores.events.read([A])
    assert stored[A].version == 1
    assert [msgspec.msgpack.decode(decompress(part)) for part in stored[A].chunks] == [["x", *many, *many]]
    assert {(part.trace_id, part.version) for part in appended} == {(A, 1), (B, 1)}
    assert {part.chunk for part in appended if part.trace_id == A} == set(stored[A].chunks)


async def test_a_message_counts_once(stores: Stores) -> None:
    await stores.events.append([(_at(1), message(A))], now_ns=T0)

    again = await stores.events.append(
        [(_at(1), message(A)), (_at(1, "other stream"), message(B)), (_at(2), message(B))], now_ns=T0 + 1
    )

    assert [(part.trace_id, part.version) for part in again] == [(B, 1)]
    assert await stores.events.append([(_at(2), message(B))], now_ns=T0 + 2) == []
    stored = await stores.events.read([A, B])
    assert (stored[A].version, stored[B].version) == (1, 1)


async def test_nothing_is_nothing(stores: Stores) -> None:
    assert list(await stores.events.append([], now_ns=T0)) == []
    assert list(await stores.events.append([(_at(1), Message(()))], now_ns=T0)) == []
    assert await stores.events.read([]) == {}
    assert await stores.events.dropped() == {}


async def test_a_chunk_that_is_no_array_is_rejected_whole(stores: Stores) -> None:
    broken = Message((TraceSlice(A, 1, T0, T0, msgspec.Raw(b"\x01")),) * 2)
    with pytest.raises(Exception, match="not a msgpack array"):
        await stores.events.append([(_at(1), broken)], now_ns=T0)
    assert await stores.events.read([A]) == {}


async def test_dropped_counts_are_kept_once_for_each_batch_of_each_source(stores: Stores) -> None:
    lost = {"queue_full": 3, "too_old": 1}
    one = message(A, batch_id="b1", source="key-1", dropped=lost)
    other_source = message(A, batch_id="b1", source="key-2", dropped={"queue_full": 10})
    nameless = message(A, dropped={"queue_full": 100})
    await stores.events.append([(_at(1), one), (_at(2), one), (_at(3), other_source)], now_ns=T0)
    await stores.events.append([(_at(4), one), (_at(5), nameless), (_at(6), nameless)], now_ns=T0)

    assert await stores.events.dropped() == {"queue_full": 213, "too_old": 1}


async def test_strange_names_are_kept(stores: Stores) -> None:
    name = TraceId("ünïcödé '\" \\ \n 🏁")
    reason = "r" * 5000
    await stores.events.append(
        [(_at(1, name), message(name, batch_id="b" * 9000, dropped={reason: 2}))], now_ns=T0
    )
    assert (await stores.events.read([name])).keys() == {name}
    assert list((await stores.events.dropped()).values()) == [2]


async def test_concurrent_appends_lose_nothing_and_give_every_version_once(stores: Stores) -> None:
    names = [TraceId(f"t{number}") for number in range(20)]
    seen: list[tuple[TraceId, int]] = []

    async def append(sequence: int) -> None:
        turned = names[sequence % 20 :] + names[: sequence % 20]
        parts = await stores.events.append([(_at(sequence), message(*turned))], now_ns=T0)
        seen.extend((part.trace_id, part.version) for part in parts)

    async with anyio.create_task_group() as group:
        for sequence in range(30):
            group.start_soon(append, sequence)

    assert sorted(seen) == sorted((name, version) for name in names for version in range(1, 31))
    stored = await stores.events.read(names)
    assert {len(trace.chunks) for trace in stored.values()} == {30}


async def test_replicas_that_get_the_same_messages_store_them_once(stores: Stores) -> None:
    batch = [(_at(sequence), message(A, B)) for sequence in range(10)]

    async def append(turn: int) -> None:
        await stores.events.append(batch[turn:] + batch[:turn], now_ns=T0)

    async with anyio.create_task_group() as group:
        for turn in range(8):
            group.start_soon(append, turn)

    stored = await stores.events.read([A, B])
    for trace in stored.values():
        assert sum(len(msgspec.msgpack.decode(decompress(part))) for part in trace.chunks) == 10
