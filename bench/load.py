"""A load client: bodies over keep-alive connections as fast as they are answered, or at a pace.

It speaks just enough HTTP/1.1 to leave the cores to the server: one write a request, and an answer
read to its Content-Length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

CONNECTIONS = 16


class Load(NamedTuple):
    """What was sent and how it was answered. `latencies_s` is sorted."""

    requests: int
    seconds: float
    statuses: dict[int, int]
    latencies_s: list[float]

    def quantile_ms(self, q: float) -> float:
        """Return the q-quantile of the latencies in milliseconds."""
        return 1000 * self.latencies_s[min(int(q * len(self.latencies_s)), len(self.latencies_s) - 1)]


def post_all(url: str, bodies: list[bytes], *, per_second: float | None = None) -> Load:
    """Post every body once over `CONNECTIONS` connections; at most `per_second` where given."""
    import uvloop

    return uvloop.run(_post_all(url, bodies, per_second))


async def _post_all(url: str, bodies: list[bytes], per_second: float | None) -> Load:
    statuses: dict[int, int] = {}
    latencies: list[float] = []
    left = enumerate(bodies)
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_connection(url, left, began, per_second, statuses, latencies))
    return Load(len(bodies), time.perf_counter() - began, statuses, sorted(latencies))


async def _connection(  # noqa: PLR0917 -- the shared state of one run
    url: str,
    left: Iterator[tuple[int, bytes]],
    began: float,
    per_second: float | None,
    statuses: dict[int, int],
    latencies: list[float],
) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    for number, body in left:
        if per_second is not None:
            await asyncio.sleep(began + number / per_second - time.perf_counter())
        sent = time.perf_counter()
        writer.writelines([f"{head}Content-Length: {len(body)}\r\n\r\n".encode(), body])
        status = await _answer(reader)
        latencies.append(time.perf_counter() - sent)
        statuses[status] = statuses.get(status, 0) + 1
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = head.lower()
    length = int(fields.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
