"""The bus that services see, over one connection that is never given up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import nats.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from raceway_common.adapters.jetstream_bus.body import pack
from raceway_common.adapters.jetstream_bus.dead_letters import DeadLetterStream
from raceway_common.adapters.jetstream_bus.publisher import Publisher
from raceway_common.adapters.jetstream_bus.streams import Layout, check_version, set_up, translated
from raceway_common.adapters.jetstream_bus.subscription import JetStreamSubscription
from raceway_common.errors import TooLarge
from raceway_common.ports.bus import Bus, DeadLetter, Subscription
from raceway_core.errors import Retryable

_HEADER_BYTES = 1024
_RECONNECT_S = 0.25
_CLOSE_S = 2.0
_STREAM_FULL = (10047, 10077, 10122)

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_jetstream_bus(
    url: str, layout: Layout | None = None, *, open_timeout_s: float = 10.0
) -> AsyncIterator[JetStreamBus]:
    """Connect, set the server up, and stay connected: later outages are waited for.

    Raises:
        Retryable: No server answered within `open_timeout_s`.
        Rejected: The server is too old, or its streams would lose messages.
    """
    bus = JetStreamBus(url, layout or Layout())
    try:
        await bus.connect(open_timeout_s)
        yield bus
    finally:
        with anyio.move_on_after(_CLOSE_S, shield=True):
            await bus.close()


class JetStreamBus(Bus):
    """See `open_jetstream_bus`."""

    def __init__(self, url: str, layout: Layout) -> None:
        self._url = url
        self._layout = layout
        self._client = Client()
        self._jetstream = JetStreamContext(self._client, timeout=layout.timeout_s)
        self._publisher = Publisher(self._client, timeout_s=layout.timeout_s)
        self._letters = DeadLetterStream(self._jetstream, layout)
        self._subscriptions: set[JetStreamSubscription] = set()
        self._last_error: Exception | None = None
        self._is_closing = False

    async def connect(self, timeout_s: float) -> None:
        try:
            with anyio.fail_after(timeout_s):
                await self._client.connect(
                    self._url,
                    name="raceway",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RECONNECT_S,  # type: ignore[arg-type]  # declared int, used as a float
                    ping_interval=10,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_disconnect,
                    reconnected_cb=self._on_reconnect,
                )
                version = self._client.connected_server_version
                check_version(version.major, version.minor)
                await set_up(self._jetstream, self._layout)
                await self._publisher.open()
        except TimeoutError as error:
            why = f": {self._last_error}" if self._last_error else ""
            raise Retryable(f"no NATS server with JetStream answered within {timeout_s:g} s{why}") from error

    async def close(self) -> None:
        self._is_closing = True
        await self._client.close()

    @property
    def max_body_bytes(self) -> int:
        return self._client.max_payload - _HEADER_BYTES

    async def publish(self, body: bytes, *, dedup_key: str) -> None:
        if len(body) > self.max_body_bytes:
            raise TooLarge(f"a message of {len(body)} bytes; the bus takes up to {self.max_body_bytes}")
        try:
            async with translated():
                await self._publish(body, dedup_key)
        except Retryable as error:
            raise _said_better(error) from error.__cause__

    async def check(self) -> None:
        async with translated():
            info = await self._jetstream.stream_info(self._layout.events)
        limit = info.config.max_bytes or -1
        if 0 < limit < info.state.bytes + self.max_body_bytes:
            raise Retryable(f"stream {self._layout.events} is full ({info.state.bytes} of {limit} bytes)")

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        subscription = JetStreamSubscription(self._client, self._layout, self._letters, self._set_up)
        async with translated():
            await subscription.open()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            with anyio.move_on_after(_CLOSE_S, shield=True):
                await subscription.close()

    async def backlog(self) -> int:
        async with translated():
            return (await self._jetstream.stream_info(self._layout.events)).state.messages

    async def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        return await self._letters.oldest(most)

    async def replay(self, number: int) -> None:
        await self._letters.revive(number)

    async def _publish(self, body: bytes, dedup_key: str) -> None:
        data, headers = pack(body)
        headers["Nats-Msg-Id"] = dedup_key
        try:
            await self._publisher.publish(self._layout.events_subject, data, headers)
        except NoStreamResponseError:  # nobody keeps this subject: the stream was deleted
            await self._set_up()
            await self._publisher.publish(self._layout.events_subject, data, headers)

    async def _set_up(self) -> None:
        await set_up(self._jetstream, self._layout)

    async def _on_error(self, error: Exception) -> None:
        if str(error) != str(self._last_error):
            _log.warning("bus_connection_failed", reason=str(error) or type(error).__name__)
        self._last_error = error

    async def _on_disconnect(self) -> None:
        if not self._is_closing:
            _log.warning("bus_disconnected")

    async def _on_reconnect(self) -> None:
        self._last_error = None
        _log.info("bus_reconnected")
        for subscription in self._subscriptions:
            subscription.lose()


def _said_better(error: Retryable) -> Retryable:
    cause = error.__cause__
    if isinstance(cause, APIError) and cause.err_code in _STREAM_FULL:
        return Retryable(f"the bus is full: {cause.description}")
    if isinstance(cause, nats.errors.TimeoutError):
        return Retryable("the bus did not confirm in time")
    return error
