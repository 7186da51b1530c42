"""Messages onto the bus, all of them, before anybody is told that they are held."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import anyio
import structlog

from raceway_common.ports.bus import BusWriter
from raceway_core.errors import Retryable

log = structlog.get_logger()

RETRY_DELAYS_S = (0.05, 0.1, 0.25, 0.5, 1.0)


async def publish_all(bus: BusWriter, messages: Sequence[bytes], *, key_id: str, batch_id: str) -> None:
    """Return once the bus holds every message; try until cancelled.

    Some may be held when it is cancelled: the same batch sent again completes them, and changes
    nothing else, because its messages have the same keys.
    """
    keys = [dedup_key(key_id, batch_id, part, body) for part, body in enumerate(messages)]
    if len(messages) == 1:  # nearly always; a task group would cost as much as all the rest
        await _publish(bus, messages[0], keys[0])
        return
    async with anyio.create_task_group() as group:
        for body, key in zip(messages, keys, strict=True):
            group.start_soon(_publish, bus, body, key)


def dedup_key(key_id: str, batch_id: str, part: int, body: bytes) -> str:
    """Return the key under which the bus knows a message; no client can guess another's."""
    digest = sha256(f"{key_id}\0{batch_id}\0{part}\0".encode())
    digest.update(body)
    return digest.hexdigest()


async def _publish(bus: BusWriter, body: bytes, key: str) -> None:
    attempt = 0
    while True:
        try:
            return await bus.publish(body, dedup_key=key)
        except Retryable as error:
            delay_s = RETRY_DELAYS_S[min(attempt, len(RETRY_DELAYS_S) - 1)]
            log.info("publish_retried", key=key, delay_s=delay_s, error=str(error))
        attempt += 1
        await anyio.sleep(delay_s)
