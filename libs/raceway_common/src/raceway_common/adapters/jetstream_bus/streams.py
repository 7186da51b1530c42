"""How the streams and the consumer are set up, and what of it is checked on a server that has them.

Work-queue retention keeps a message until it is acknowledged and no longer, so the stream's size is the
backlog. `discard new` makes a full stream refuse a publish: it never drops what it has confirmed. No
limit on deliveries: a message past such a limit would be kept but never delivered again, which is a loss
that nobody sees; the consumer rejects what cannot succeed instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import nats.errors
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError

from raceway_core.errors import Rejected, Retryable

MINIMUM_VERSION = (2, 10)
_NO_STORAGE = 10047


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Names and limits. `name` begins the names of everything, so that deployments can share a server."""

    name: str = "RACEWAY"
    ack_wait_s: float = 30.0
    dedup_window_s: float = 120.0
    max_bytes: int = 4 << 30
    replicas: int = 1
    timeout_s: float = 2.0

    @property
    def events(self) -> str:
        return f"{self.name}_EVENTS"

    @property
    def dead(self) -> str:
        return f"{self.name}_DEAD"

    @property
    def consumer(self) -> str:
        return f"{self.name}_analyzer"

    @property
    def events_subject(self) -> str:
        return f"{self.name}.events"

    @property
    def dead_subject(self) -> str:
        return f"{self.name}.dead"


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Turn the client's errors into ours: whatever the server or the network did, it may pass."""
    try:
        yield
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise Retryable(f"the bus does not answer as it should: {error}") from error


def check_version(major: int, minor: int) -> None:
    """Refuse servers that would accept our settings and ignore them.

    Raises:
        Rejected: The server is too old.
    """
    if (major, minor) < MINIMUM_VERSION:
        needed = ".".join(map(str, MINIMUM_VERSION))
        raise Rejected(f"the NATS server is version {major}.{minor}; Raceway needs {needed} or newer")


async def set_up(jetstream: JetStreamContext, layout: Layout) -> None:
    """Make the streams and the consumer where they are missing.

    Raises:
        Rejected: A stream of the name exists and would lose messages.
        Retryable: The server did not do it.
    """
    async with translated():
        await _ensure(jetstream, _events_config(layout))
        await _ensure(jetstream, _dead_config(layout))
        await jetstream.add_consumer(layout.events, _consumer_config(layout))


async def _ensure(jetstream: JetStreamContext, wanted: StreamConfig) -> None:
    assert wanted.name is not None  # noqa: S101 - ours always has one
    try:
        found = (await jetstream.stream_info(wanted.name)).config
    except NotFoundError:
        await _add(jetstream, wanted)
        return
    for key in ("retention", "discard", "storage"):
        if getattr(found, key) != getattr(wanted, key):
            raise Rejected(
                f"stream {wanted.name} has {key}={getattr(found, key)}, which can lose messages; "
                f"set it to {getattr(wanted, key)} or delete the stream"
            )


async def _add(jetstream: JetStreamContext, wanted: StreamConfig) -> None:
    try:
        await jetstream.add_stream(wanted)
    except APIError as error:
        if error.err_code != _NO_STORAGE:
            raise
        raise Rejected(
            f"the NATS server has no {wanted.max_bytes} bytes of storage for stream {wanted.name}; "
            "give it more, or lower bus_max_bytes (RACEWAY_BUS_MAX_BYTES)"
        ) from error


def _events_config(layout: Layout) -> StreamConfig:
    return StreamConfig(
        name=layout.events,
        subjects=[layout.events_subject],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        max_bytes=layout.max_bytes,
        duplicate_window=layout.dedup_window_s,
        num_replicas=layout.replicas,
    )


def _dead_config(layout: Layout) -> StreamConfig:
    return StreamConfig(
        name=layout.dead,
        subjects=[layout.dead_subject],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        max_bytes=layout.max_bytes // 8,
        duplicate_window=layout.dedup_window_s,
        num_replicas=layout.replicas,
    )


def _consumer_config(layout: Layout) -> ConsumerConfig:
    return ConsumerConfig(
        name=layout.consumer,
        durable_name=layout.consumer,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=layout.ack_wait_s,
        max_deliver=-1,
        max_ack_pending=8192,
    )
