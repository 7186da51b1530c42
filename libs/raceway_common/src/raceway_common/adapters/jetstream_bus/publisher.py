"""Publishing with confirmation: one inbox for all answers, one future for each message under way.

The client's own request draws a random inbox, wraps the wait and reads the answer untyped, each time
anew; together that costs about as much as sending the message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import APIError, NoStreamResponseError

_NO_RESPONDERS = "503"


class _Fault(msgspec.Struct, frozen=True):
    code: int
    err_code: int | None = None
    description: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    error: _Fault | None = None


_answer = msgspec.json.Decoder(_Answer)


class Publisher:
    """Sends messages to streams over a connection; `open` it once that is made."""

    def __init__(self, client: Client, *, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._inbox = ""
        self._numbers = count()
        self._under_way: dict[str, asyncio.Future[None]] = {}

    async def open(self) -> None:
        """Listen for answers. The client listens anew by itself after a lost connection."""
        self._inbox = self._client.new_inbox()
        await self._client.subscribe(f"{self._inbox}.*", cb=self._hear)

    async def publish(self, subject: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Return once a stream holds the message.

        Raises:
            nats.errors.Error: No stream confirmed it, or one refused it.
        """
        reply = f"{self._inbox}.{next(self._numbers)}"
        loop = asyncio.get_running_loop()  # the client is made for asyncio, and so is this
        answered = self._under_way[reply] = loop.create_future()
        timer = loop.call_later(self._timeout_s, _settle, answered, nats.errors.TimeoutError())
        try:
            await self._client.publish(subject, data, reply=reply, headers=dict(headers))
            await answered
        finally:
            timer.cancel()
            del self._under_way[reply]

    async def _hear(self, message: Msg) -> None:
        if answered := self._under_way.get(message.subject):  # else nobody waits for it any more
            _settle(answered, _error_in(message))


def _settle(answered: asyncio.Future[None], error: Exception | None) -> None:
    if answered.done():
        return
    if error is None:
        answered.set_result(None)
    else:
        answered.set_exception(error)


def _error_in(message: Msg) -> nats.errors.Error | None:
    if (message.headers or {}).get("Status") == _NO_RESPONDERS:
        return NoStreamResponseError()
    try:
        fault = _answer.decode(message.data).error
    except msgspec.DecodeError:
        return nats.errors.JsonParseError()
    return None if fault is None else APIError(**msgspec.structs.asdict(fault))
