"""Pulling from the durable consumer, and settling what was pulled.

A pull request stands on the server and is answered as messages arrive, so nothing polls. `fetch` asks
for the next messages before the last ones are settled, about `most` of them and never more than twice
that. While a request stands the server sends heartbeats: silence means that the request is lost, with
its server or its consumer, and then everything is set up anew and asked again.

A message's position is its sequence number and the time at which the server stored it, both of which
come with every delivery. The number alone is handed out again by a server that lost its last writes to
a power cut, or whose stream was deleted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import anyio
import msgspec
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription

from raceway_common.adapters.jetstream_bus.body import unpack
from raceway_common.adapters.jetstream_bus.dead_letters import DeadLetterStream
from raceway_common.adapters.jetstream_bus.streams import Layout
from raceway_common.ports.bus import Delivery, Position, Subscription
from raceway_core.errors import Retryable

_NS = 1_000_000_000
_HEARTBEAT_S = 1.0
_SILENCE_S = 2.5 * _HEARTBEAT_S
_EXPIRES_S = 30.0
_PAUSE_S = 0.25
_PULL_BYTES = 32 << 20
_ENDED = ("404", "408")

_log = structlog.get_logger(__name__)


class JetStreamSubscription(Subscription):
    """One replica's end of the durable consumer."""

    def __init__(
        self, client: Client, layout: Layout, letters: DeadLetterStream, repair: Callable[[], Awaitable[None]]
    ) -> None:
        """Prepare; `repair` sets up streams and consumer, or raises Retryable."""
        self._client = client
        self._layout = layout
        self._letters = letters
        self._repair = repair
        self._inbox = client.new_inbox()
        self._receiver: NatsSubscription | None = None
        self._ready: deque[JetStreamDelivery] = deque()
        self._unsettled: set[JetStreamDelivery] = set()
        self._asked = 0
        self._is_lost = False
        self._heard = anyio.Event()

    async def open(self) -> None:
        self._receiver = await self._client.subscribe(self._inbox, cb=self._receive)

    async def fetch(self, most: int) -> Sequence[Delivery]:
        await self._ask(most)
        while not self._ready:
            await self._listen()
            await self._ask(most)
        return [self._ready.popleft() for _ in range(min(most, len(self._ready)))]

    def lose(self) -> None:
        """Take note that the server may have forgotten what was asked."""
        self._is_lost = True
        self._asked = 0
        self._heard.set()

    async def close(self) -> None:
        """Give back what is not settled, if the server can be reached; else its ack wait does."""
        try:
            if self._receiver is not None:
                await self._receiver.drain()  # type: ignore[no-untyped-call]  # nats-py forgot `-> None`
            for delivery in tuple(self._unsettled):
                await delivery.retry(delay_s=0)
            await self._client.flush(timeout=1)
        except (nats.errors.Error, TimeoutError) as error:
            _log.warning("unsettled_messages_not_returned", count=len(self._unsettled), reason=str(error))

    async def _ask(self, most: int) -> None:
        """Have the server asked for what is missing to `most`, unless enough is on its way."""
        if self._is_lost and not await self._is_repaired():
            return
        missing = most - self._asked - len(self._ready)
        if 2 * missing < most:
            return
        request = {
            "batch": missing,
            "expires": int(_EXPIRES_S * _NS),
            "idle_heartbeat": int(_HEARTBEAT_S * _NS),
            "max_bytes": max(_PULL_BYTES, 2 * self._client.max_payload),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._layout.events}.{self._layout.consumer}"
        try:
            await self._client.publish(subject, msgspec.json.encode(request), reply=self._inbox)
            self._asked += missing
        except nats.errors.Error:
            self.lose()

    async def _is_repaired(self) -> bool:
        try:
            await self._repair()
        except Retryable as error:
            _log.warning("bus_awaited", reason=str(error))
            await anyio.sleep(_PAUSE_S)
            return False
        self._is_lost = False
        return True

    async def _listen(self) -> None:
        """Wait for any word of the server."""
        if self._is_lost:
            return
        with anyio.move_on_after(_SILENCE_S) as silence:
            await self._heard.wait()
        self._heard = anyio.Event()
        if silence.cancelled_caught:
            self.lose()

    async def _receive(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status")
        if status is None:
            delivery = JetStreamDelivery(message, self._unsettled, self._letters)
            self._unsettled.add(delivery)
            self._ready.append(delivery)
            self._asked = max(0, self._asked - 1)
        elif status in _ENDED:
            self._asked = 0
        elif status != "100":
            self.lose()
        self._heard.set()


class JetStreamDelivery(Delivery):
    """One delivery; it leaves `unsettled` when it is settled."""

    def __init__(self, message: Msg, unsettled: set[JetStreamDelivery], letters: DeadLetterStream) -> None:
        self._message = message
        self._unsettled = unsettled
        self._letters = letters
        self._place, self._delivery_count = _read_reply(message.reply)
        self._body = unpack(message.data, message.headers)

    @property
    def body(self) -> bytes:
        return self._body

    @property
    def position(self) -> Position:
        return self._place

    @property
    def delivery_count(self) -> int:
        return self._delivery_count

    async def ack(self) -> None:
        await self._settle(self._message.ack())

    async def retry(self, *, delay_s: float) -> None:
        await self._settle(self._message.nak(delay_s))

    async def reject(self, *, reason: str) -> None:
        await self._letters.bury(self.body, self.position, reason)
        await self._settle(self._message.term())

    async def _settle(self, sending: Awaitable[None]) -> None:
        self._unsettled.discard(self)
        try:
            await sending
        except nats.errors.Error as error:
            _log.warning("settlement_not_sent", sequence=self._place.sequence, reason=str(error))


def _read_reply(reply: str) -> tuple[Position, int]:
    """Read a delivery's metadata: `$JS.ACK.[domain.account.]stream.consumer.count.seq.cseq.time.pending`."""
    tokens = reply.split(".")
    first = 2 if len(tokens) == 9 else 4
    count, sequence, _, stored_ns = tokens[first + 2 : first + 6]
    return Position(stored_ns, int(sequence)), int(count)
