"""The bus that services see, over the thread that writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from raceway_common.adapters.sqlite_bus.group_commit import GroupCommit
from raceway_common.adapters.sqlite_bus.stream import Stream, Taken
from raceway_common.errors import TooLarge
from raceway_common.ports.bus import Bus, DeadLetter, Delivery, Position, Subscription

_NS = 1_000_000_000
_Taking = tuple[list[Taken], int | None]


@asynccontextmanager
async def open_sqlite_bus(
    path: Path | None,
    *,
    now_ns: Callable[[], int] = time.time_ns,
    ack_wait_s: float = 30.0,
    dedup_window_s: float = 120.0,
    max_body_bytes: int = 1 << 20,
    reserve_bytes: int = 256 << 20,
) -> AsyncIterator[SqliteBus]:
    """Open the bus in the file `path`, or in memory; no other process may have it open.

    It takes no messages once its disk has less than `reserve_bytes` left.

    Raises:
        Retryable: The file cannot be opened or is in use.
    """
    arrivals = _Arrivals()
    commits = GroupCommit(
        path,
        asyncio.get_running_loop(),
        now_ns=now_ns,
        dedup_window_ns=int(dedup_window_s * _NS),
        reserve_bytes=reserve_bytes,
        on_arrival=arrivals.announce,
    )
    try:
        await commits.start()
        yield SqliteBus(
            commits, arrivals, now_ns, ack_wait_ns=int(ack_wait_s * _NS), max_body_bytes=max_body_bytes
        )
    finally:
        commits.request_stop()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(commits.join)


class _Arrivals:
    """Wakes those who wait for a message."""

    def __init__(self) -> None:
        self.next = anyio.Event()

    def announce(self) -> None:
        self.next.set()
        self.next = anyio.Event()


class SqliteBus(Bus):
    """See `open_sqlite_bus`."""

    def __init__(
        self,
        commits: GroupCommit,
        arrivals: _Arrivals,
        now_ns: Callable[[], int],
        *,
        ack_wait_ns: int,
        max_body_bytes: int,
    ) -> None:
        self._commits = commits
        self._arrivals = arrivals
        self._now_ns = now_ns
        self._ack_wait_ns = ack_wait_ns
        self._max_body_bytes = max_body_bytes

    @property
    def max_body_bytes(self) -> int:
        return self._max_body_bytes

    async def publish(self, body: bytes, *, dedup_key: str) -> None:
        if len(body) > self._max_body_bytes:
            raise TooLarge(f"a message of {len(body)} bytes; the bus takes up to {self._max_body_bytes}")
        await self._commits.publish(body, dedup_key)

    async def check(self) -> None:
        if refusal := self._commits.no_room():
            raise refusal
        await self._commits.call(lambda _: None)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        subscription = _SqliteSubscription(self._commits, self._arrivals, self._now_ns, self._ack_wait_ns)
        try:
            yield subscription
        finally:
            subscription.close()

    async def backlog(self) -> int:
        return await self._commits.call(lambda stream: stream.held)

    async def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        return await self._commits.call(lambda stream: stream.dead_letters(most))

    async def replay(self, number: int) -> None:
        await self._commits.call(lambda stream: stream.revive(number))
        self._arrivals.announce()


class _SqliteSubscription(Subscription):
    def __init__(
        self, commits: GroupCommit, arrivals: _Arrivals, now_ns: Callable[[], int], ack_wait_ns: int
    ) -> None:
        self._commits = commits
        self._arrivals = arrivals
        self._now_ns = now_ns
        self._ack_wait_ns = ack_wait_ns
        self._unsettled: set[int] = set()

    async def fetch(self, most: int) -> Sequence[Delivery]:
        while True:
            arrival = self._arrivals.next
            taken, due_ns = await self._take(most)
            if taken:
                return [_SqliteDelivery(message, self) for message in taken]
            wait_s = None if due_ns is None else max(0.0, (due_ns - self._now_ns()) / _NS)
            with anyio.move_on_after(wait_s):
                await arrival.wait()

    async def _take(self, most: int) -> _Taking:
        """Take messages; when cancelled meanwhile, give back what arrives too late."""
        taking = self._commits.call(self._taking(most))
        try:
            taken, due_ns = await asyncio.shield(taking)
        except asyncio.CancelledError:
            taking.add_done_callback(self._give_back)
            raise
        self._unsettled.update(message.position.sequence for message in taken)
        return taken, due_ns

    def _taking(self, most: int) -> Callable[[Stream], _Taking]:
        def take(stream: Stream) -> _Taking:
            now_ns = self._now_ns()
            taken = stream.take(most, now_ns=now_ns, lease_ns=now_ns + self._ack_wait_ns)
            return taken, None if taken else stream.next_due_ns()

        return take

    def _give_back(self, taking: asyncio.Future[_Taking]) -> None:
        if taking.exception() is None:
            for message in taking.result()[0]:
                self._commits.delay(message.position.sequence, 0)

    def settle(self, sequence: int) -> None:
        self._unsettled.discard(sequence)
        self._commits.settle(sequence)

    def delay(self, sequence: int, delay_s: float) -> None:
        self._unsettled.discard(sequence)
        self._commits.delay(sequence, self._now_ns() + int(delay_s * _NS))

    async def bury(self, sequence: int, reason: str) -> None:
        now_ns = self._now_ns()
        await self._commits.call(lambda stream: stream.bury(sequence, reason=reason, now_ns=now_ns))
        self._unsettled.discard(sequence)

    def close(self) -> None:
        for sequence in self._unsettled:
            self._commits.delay(sequence, 0)


class _SqliteDelivery(Delivery):
    def __init__(self, message: Taken, subscription: _SqliteSubscription) -> None:
        self._message = message
        self._subscription = subscription

    @property
    def body(self) -> bytes:
        return self._message.body

    @property
    def position(self) -> Position:
        return self._message.position

    @property
    def delivery_count(self) -> int:
        return self._message.delivery_count

    async def ack(self) -> None:
        self._subscription.settle(self.position.sequence)

    async def retry(self, *, delay_s: float) -> None:
        self._subscription.delay(self.position.sequence, delay_s)

    async def reject(self, *, reason: str) -> None:
        await self._subscription.bury(self.position.sequence, reason)
