"""The contract of the Bus port, over every adapter.

Time is the rig's: SQLite gets a clock that the test turns; a NATS server has its own, so there `advance`
is a no-op, the ack wait is short, and `fetch` does the waiting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from raceway_common.adapters.jetstream_bus import open_jetstream_bus
from raceway_common.adapters.jetstream_bus.streams import Layout
from raceway_common.adapters.sqlite_bus import open_sqlite_bus
from raceway_common.ports.bus import Bus, Delivery, Subscription
from raceway_core.errors import Rejected

pytestmark = pytest.mark.anyio

_ACK_WAIT_S = 1.0
_DEDUP_WINDOW_S = 120.0
_SHORT_S = 0.2


@dataclass
class Rig:
    """A way to open one and the same bus, again and again, and the hand on its clock."""

    open: Callable[[], AbstractAsyncContextManager[Bus]]
    advance: Callable[[float], None]


class Clock:
    def __init__(self) -> None:
        self.now_ns = 1_700_000_000_000_000_000

    def __call__(self) -> int:
        return self.now_ns

    def advance(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1_000_000_000)


def _sqlite(path: Path | None) -> Rig:
    clock = Clock()

    def opened() -> AbstractAsyncContextManager[Bus]:
        return open_sqlite_bus(path, now_ns=clock, ack_wait_s=_ACK_WAIT_S, dedup_window_s=_DEDUP_WINDOW_S)

    return Rig(opened, clock.advance)


def _jetstream(url: str, name: str) -> Rig:
    layout = Layout(name=name, ack_wait_s=_ACK_WAIT_S, dedup_window_s=_DEDUP_WINDOW_S, max_bytes=64 << 20)
    return Rig(lambda: open_jetstream_bus(url, layout), lambda _: None)


@pytest.fixture(params=["sqlite file", "sqlite memory", "jetstream"])
def rig(request: pytest.FixtureRequest, tmp_path: Path, unique_name: str) -> Rig:
    if request.param == "sqlite file":
        return _sqlite(tmp_path / "raceway.db")
    if request.param == "sqlite memory":
        return _sqlite(None)
    return _jetstream(request.getfixturevalue("nats_url"), unique_name)


@pytest.fixture
async def bus(rig: Rig) -> AsyncIterator[Bus]:
    async with rig.open() as opened:
        yield opened


async def _publish(bus: Bus, *bodies: bytes) -> None:
    for body in bodies:
        await bus.publish(body, dedup_key=body.decode())


async def _fetch_all(subscription: Subscription, count: int, *, ack: bool = False) -> list[Delivery]:
    """Fetch until `count` messages came; an adapter may give them in several portions."""
    deliveries: list[Delivery] = []
    with anyio.fail_after(10):
        while len(deliveries) < count:
            for delivery in await subscription.fetch(count - len(deliveries)):
                deliveries.append(delivery)
                if ack:
                    await delivery.ack()
    return deliveries


async def _is_idle(subscription: Subscription) -> bool:
    """Return whether nothing can be fetched for the moment."""
    with anyio.move_on_after(_SHORT_S):
        await subscription.fetch(1)
        return False
    return True


async def _backlog_becomes(bus: Bus, count: int) -> None:
    """An acknowledgement is sent, not awaited: give it the time to arrive."""
    with anyio.fail_after(5):
        while await bus.backlog() != count:
            pass


def _bodies(deliveries: Sequence[Delivery]) -> list[bytes]:
    return [delivery.body for delivery in deliveries]


async def test_messages_come_once_and_in_order(bus: Bus) -> None:
    await _publish(bus, b"a", b"b", b"c")
    async with bus.subscribe() as subscription:
        deliveries = await _fetch_all(subscription, 3, ack=True)
        assert _bodies(deliveries) == [b"a", b"b", b"c"]
        assert [delivery.delivery_count for delivery in deliveries] == [1, 1, 1]
        assert await _is_idle(subscription)
    await _backlog_becomes(bus, 0)


async def test_fetch_returns_what_is_there_and_no_more_than_asked(bus: Bus) -> None:
    await _publish(bus, b"a", b"b", b"c")
    async with bus.subscribe() as subscription:
        first = await _fetch_all(subscription, 2)
        with anyio.fail_after(5):
            rest = await subscription.fetch(100)
        assert _bodies([*first, *rest]) == [b"a", b"b", b"c"]


async def test_fetch_waits_for_a_message(bus: Bus) -> None:
    fetched: list[Delivery] = []

    async with bus.subscribe() as subscription, anyio.create_task_group() as tasks:

        async def fetch() -> None:
            fetched.extend(await _fetch_all(subscription, 1))

        tasks.start_soon(fetch)
        await anyio.wait_all_tasks_blocked()
        await bus.publish(b"late", dedup_key="late")
    assert _bodies(fetched) == [b"late"]


async def test_repeated_key_is_a_no_op(bus: Bus) -> None:
    await bus.publish(b"first", dedup_key="k")
    await bus.publish(b"second", dedup_key="k")
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(lambda: bus.publish(b"third", dedup_key="k"))
    assert await bus.backlog() == 1
    async with bus.subscribe() as subscription:
        await _fetch_all(subscription, 1, ack=True)
        await bus.publish(b"fourth", dedup_key="k")
        assert await _is_idle(subscription)


async def test_backlog_counts_what_is_not_settled(bus: Bus) -> None:
    await _publish(bus, b"a", b"b")
    assert await bus.backlog() == 2
    async with bus.subscribe() as subscription:
        deliveries = await _fetch_all(subscription, 2)
        assert await bus.backlog() == 2
        await deliveries[0].ack()
        await _backlog_becomes(bus, 1)


async def test_bytes_come_back_as_they_were(bus: Bus) -> None:
    bodies = [bytes(range(256)) * 200, b"\x00", b"\r\n\x00\xff" * 1000]
    for number, body in enumerate(bodies):
        await bus.publish(body, dedup_key=str(number))
    async with bus.subscribe() as subscription:
        assert _bodies(await _fetch_all(subscription, 3)) == bodies


async def test_retry_comes_again_after_its_delay(bus: Bus, rig: Rig) -> None:
    await _publish(bus, b"a")
    async with bus.subscribe() as subscription:
        (first,) = await _fetch_all(subscription, 1)
        await first.retry(delay_s=2 * _SHORT_S)
        assert await _is_idle(subscription)
        rig.advance(2 * _SHORT_S)
        (second,) = await _fetch_all(subscription, 1)
        assert second.delivery_count == 2
        assert second.position == first.position


async def test_retried_message_does_not_hold_up_others(bus: Bus) -> None:
    await _publish(bus, b"a", b"b")
    async with bus.subscribe() as subscription:
        first, second = await _fetch_all(subscription, 2)
        await first.retry(delay_s=60)
        await second.ack()
        await _publish(bus, b"c")
        assert _bodies(await _fetch_all(subscription, 1)) == [b"c"]


async def test_unsettled_message_comes_again_after_the_ack_wait(bus: Bus, rig: Rig) -> None:
    await _publish(bus, b"a")
    async with bus.subscribe() as subscription:
        (first,) = await _fetch_all(subscription, 1)
        rig.advance(_ACK_WAIT_S)
        (second,) = await _fetch_all(subscription, 1)
        assert (second.body, second.delivery_count, second.position) == (b"a", 2, first.position)


async def test_closing_gives_back_what_is_not_settled(bus: Bus) -> None:
    await _publish(bus, b"a", b"b", b"c")
    async with bus.subscribe() as subscription:
        deliveries = await _fetch_all(subscription, 2)
        await deliveries[0].ack()
    async with bus.subscribe() as subscription:
        with anyio.fail_after(_ACK_WAIT_S / 2):
            again = await _fetch_all(subscription, 2)
        assert sorted(_bodies(again)) == [b"b", b"c"]


async def test_cancelled_fetch_loses_nothing(bus: Bus) -> None:
    async with bus.subscribe() as subscription:
        for number in range(20):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await subscription.fetch(1)
            await _publish(bus, str(number).encode())
        deliveries = await _fetch_all(subscription, 20, ack=True)
        assert sorted(map(int, _bodies(deliveries))) == list(range(20))


async def test_subscriptions_compete(bus: Bus) -> None:
    everything = [str(number).encode() for number in range(50)]
    seen: list[bytes] = []

    async def consume() -> None:
        async with bus.subscribe() as subscription:
            while True:
                for delivery in await subscription.fetch(3):
                    seen.append(delivery.body)
                    await delivery.ack()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(consume)
        tasks.start_soon(consume)
        await _publish(bus, *everything)
        await _backlog_becomes(bus, 0)
        tasks.cancel_scope.cancel()
    assert sorted(seen) == sorted(everything)


async def test_rejected_message_is_a_dead_letter_and_the_queue_goes_on(bus: Bus) -> None:
    await _publish(bus, b"poison", b"good")
    async with bus.subscribe() as subscription:
        poison, good = await _fetch_all(subscription, 2)
        await poison.reject(reason="not a message:\n✗ byte 0")
        await good.ack()
        await _backlog_becomes(bus, 0)
        (letter,) = await bus.dead_letters(10)
        assert (letter.body, letter.origin) == (b"poison", poison.position)
        assert "not a message" in letter.reason
        assert letter.rejected_ns > 0


async def test_dead_letter_is_replayed_once(bus: Bus) -> None:
    await _publish(bus, b"poison")
    async with bus.subscribe() as subscription:
        (first,) = await _fetch_all(subscription, 1)
        await first.reject(reason="a bug, mended since")
        (letter,) = await bus.dead_letters(10)
        await bus.replay(letter.number)
        (second,) = await _fetch_all(subscription, 1, ack=True)
        assert (second.body, second.delivery_count) == (b"poison", 1)
        assert second.position != first.position
    assert await bus.dead_letters(10) == []
    with pytest.raises(Rejected, match="no dead letter"):
        await bus.replay(letter.number)


async def test_dead_letters_are_listed_oldest_first(bus: Bus) -> None:
    await _publish(bus, b"a", b"b", b"c")
    async with bus.subscribe() as subscription:
        for delivery in await _fetch_all(subscription, 3):
            await delivery.reject(reason="no")
    assert [letter.body for letter in await bus.dead_letters(2)] == [b"a", b"b"]


async def test_too_large_a_body_is_rejected(bus: Bus) -> None:
    with pytest.raises(Rejected, match="bytes"):
        await bus.publish(b"x" * (bus.max_body_bytes + 1), dedup_key="large")
    await bus.publish(b"x" * bus.max_body_bytes, dedup_key="largest")
    assert await bus.backlog() == 1


async def test_check_passes_while_the_bus_works(bus: Bus) -> None:
    await bus.check()


async def test_many_at_once(bus: Bus) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(500):
            tasks.start_soon(lambda body: bus.publish(body, dedup_key=body.decode()), str(number).encode())
    async with bus.subscribe() as subscription:
        deliveries = await _fetch_all(subscription, 500, ack=True)
    assert len({delivery.position for delivery in deliveries}) == 500


@pytest.mark.parametrize("rig", ["sqlite file", "jetstream"], indirect=True)
async def test_messages_outlive_the_bus(rig: Rig) -> None:
    async with rig.open() as bus:
        await _publish(bus, b"a", b"b", b"c")
        async with bus.subscribe() as subscription:
            deliveries = await _fetch_all(subscription, 3)
            await deliveries[0].ack()
            await deliveries[1].reject(reason="no")
        await _backlog_becomes(bus, 1)
    async with rig.open() as bus:
        await _publish(bus, b"a")
        async with bus.subscribe() as subscription:
            (again,) = await _fetch_all(subscription, 1, ack=True)
            assert (again.body, again.position) == (b"c", deliveries[2].position)
            assert again.delivery_count >= 2
            assert await _is_idle(subscription)
        assert [letter.body for letter in await bus.dead_letters(10)] == [b"b"]
