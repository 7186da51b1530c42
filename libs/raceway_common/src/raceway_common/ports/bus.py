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
    """Names a message for ever; every delivery of it has the same position, no other message has.

    A sequence number alone does not: a stream may be made anew, and a server that lost its last
    writes to a power cut hands their numbers out again. `epoch` tells such histories apart. It is
    opaque text, and a bus may give every message an epoch of its own.
    """

    epoch: str
    sequence: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could never succeed, kept for people to look at and to replay.

    `number` grows with every dead letter; `origin` is where the message stood when it was rejected.
    """

    number: int
    origin: Position
    reason: str
    rejected_ns: int
    body: bytes


class Delivery(Protocol):
    """One delivery of one message. Exactly one of ack, retry, reject must be awaited.

    ack and retry return at once and never fail: one that is lost with the process or the connection
    means another delivery, nothing worse.
    """

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
        """Settle a message that can never succeed, and keep it as a dead letter with `reason`.

        Raises:
            Retryable: It could not be kept; it will be delivered again.
        """
        ...


class Subscription(Protocol):
    """An open end of a durable subscription."""

    async def fetch(self, most: int) -> Sequence[Delivery]:
        """Wait for at least one message and return up to `most` that are there, oldest first.

        A bus that is away is waited for. Only one fetch may be under way per subscription.
        """
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
        """Return how many messages are held and not yet settled.

        Raises:
            Retryable: The bus is away.
        """
        ...


class DeadLetters(Protocol):
    """What became of rejected messages."""

    async def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        """Return the oldest dead letters, up to `most`.

        Raises:
            Retryable: The bus is away.
        """
        ...

    async def replay(self, number: int) -> None:
        """Publish a dead letter again, as a new message, and forget the letter.

        Raises:
            Rejected: There is no such letter.
            Retryable: The bus is away; replaying again is safe.
        """
        ...


class Bus(BusWriter, BusReader, DeadLetters, Protocol):
    """Both ends, and what fell off in between."""
