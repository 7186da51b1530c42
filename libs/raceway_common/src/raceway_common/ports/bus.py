"""The message bus, as the services see it.

Delivery is at least once. A message that was published stays until it is settled, also when every
process dies; consumers must therefore be idempotent, and `Position` gives them the means.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec


class Position(msgspec.Struct, frozen=True, gc=False):
    """Names a message for ever: where it stands in the stream, and which stream that was.

    A stream that was deleted and made anew has another `epoch`, so that its first message is not
    taken for one already seen.
    """

    epoch: str
    sequence: int


class Delivery(Protocol):
    """One delivery of one message. Exactly one of ack, retry, reject must be awaited."""

    @property
    def body(self) -> bytes: ...

    @property
    def position(self) -> Position: ...

    @property
    def delivery_count(self) -> int:
        """Deliveries of this message so far, this one included; 1 at first."""
        ...

    async def ack(self) -> None:
        """Settle the message. It will not be delivered again."""
        ...

    async def retry(self, *, delay_s: float) -> None:
        """Ask for another delivery, no sooner than `delay_s` seconds from now."""
        ...

    async def reject(self, *, reason: str) -> None:
        """Settle a message that can never succeed, and keep it as a dead letter with `reason`."""
        ...


class Subscription(Protocol):
    """An open end of a durable subscription."""

    async def fetch(self, most: int) -> Sequence[Delivery]:
        """Wait for at least one message and return up to `most` that are there, oldest first."""
        ...


class BusWriter(Protocol):
    """What a publisher needs."""

    @property
    def max_body_bytes(self) -> int:
        """The largest body that `publish` takes."""
        ...

    async def publish(self, body: bytes, *, dedup_key: str) -> None:
        """Return once the bus holds `body`; a `dedup_key` seen in the last minutes is a no-op.

        Raises:
            Retryable: The bus did not confirm. Publishing again is safe.
            Rejected: `body` is larger than `max_body_bytes`.
        """
        ...

    async def check(self) -> None:
        """Return when the bus would take a message now.

        Raises:
            Retryable: It would not; the message says why.
        """
        ...


class BusReader(Protocol):
    """What a consumer needs."""

    def subscribe(self) -> AbstractAsyncContextManager[Subscription]:
        """Open the one durable subscription; any number of replicas may, and then compete.

        Deliveries unsettled at close are delivered again, so cancelling a consumer loses nothing.
        """
        ...

    async def backlog(self) -> int:
        """Return how many messages are held and not yet settled."""
        ...


class Bus(BusWriter, BusReader, Protocol):
    """Both ends."""
