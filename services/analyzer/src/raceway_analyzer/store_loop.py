"""The store loop: take what the bus has, keep it in one transaction, acknowledge last.

Whatever happens in between, an unacknowledged message is delivered again, and storing it twice
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import structlog
from anyio.abc import TaskStatus

from raceway_analyzer.give_way import GiveWay, never_give_way
from raceway_common.ports.bus import BusReader, Delivery
from raceway_common.ports.event_store import AppendedChunk, EventStore
from raceway_core.batch import Message, decode_message
from raceway_core.errors import Rejected, Retryable

log = structlog.get_logger()

MOST_MESSAGES = 128
RETRY_DELAYS_S = (0.25, 1.0, 5.0, 30.0, 120.0)

Readable = tuple[Delivery, Message]


class StoreLoop:
    """Moves messages from the bus into the event store; `on_stored` hears what was added."""

    def __init__(
        self,
        bus: BusReader,
        events: EventStore,
        *,
        now_ns: Callable[[], int],
        on_stored: Callable[[Sequence[AppendedChunk]], None],
        give_way: GiveWay = never_give_way,
    ) -> None:
        self._bus = bus
        self._events = events
        self._now_ns = now_ns
        self._on_stored = on_stored
        self._give_way = give_way

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Store messages until cancelled."""
        async with self._bus.subscribe() as inbox:
            task_status.started()
            while True:
                await self._give_way()
                await self.settle(await inbox.fetch(MOST_MESSAGES))

    async def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Keep what the deliveries carry, in one transaction, and settle each of them."""
        readable = [(delivery, message) for delivery in deliveries if (message := await _read(delivery))]
        if not readable:
            return
        try:
            await self._append(readable)
        except Retryable as error:
            await _retry_later(readable, error)
        except Rejected as error:
            await self._find_poison(readable, error)
        except Exception as error:
            log.exception("store_failed", messages=len(readable))
            await _retry_later(readable, error)

    async def _append(self, readable: Sequence[Readable]) -> None:
        messages = [(delivery.position, message) for delivery, message in readable]
        appended = await self._events.append(messages, now_ns=self._now_ns())
        for delivery, _ in readable:
            await delivery.ack()
        self._on_stored(appended)

    async def _find_poison(self, readable: Sequence[Readable], error: Rejected) -> None:
        """Store one by one, so that only what is refused becomes a dead letter."""
        if len(readable) == 1:
            await _reject(readable[0][0], str(error))
            return
        for delivery, _ in readable:
            await self.settle([delivery])


async def _read(delivery: Delivery) -> Message | None:
    try:
        return decode_message(delivery.body)
    except Rejected as error:
        await _reject(delivery, str(error))
        return None


async def _reject(delivery: Delivery, reason: str) -> None:
    log.error("message_rejected", position=delivery.position, reason=reason)
    try:
        await delivery.reject(reason=reason)
    except Retryable as error:
        log.warning("rejection_postponed", position=delivery.position, error=str(error))


async def _retry_later(readable: Sequence[Readable], error: Exception) -> None:
    log.warning("store_retried", messages=len(readable), error=str(error))
    for delivery, _ in readable:
        await delivery.retry(delay_s=retry_delay_s(delivery.delivery_count))


def retry_delay_s(delivery_count: int) -> float:
    """Return how long to wait after a message's `delivery_count`-th failure."""
    return RETRY_DELAYS_S[min(max(delivery_count, 1), len(RETRY_DELAYS_S)) - 1]
