"""The body of a request, read within limits of size and memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import msgspec
from litestar.types import Receive

from raceway_common.errors import TooLarge, UnsupportedMedia
from raceway_core.errors import Rejected, Retryable
from raceway_core.intake import Form

_FORMS = {
    "": Form.JSON,
    "application/json": Form.JSON,
    "text/json": Form.JSON,
    "application/msgpack": Form.MSGPACK,
    "application/x-msgpack": Form.MSGPACK,
    "application/vnd.msgpack": Form.MSGPACK,
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one request may take, and what all that are under way may hold together.

    `confirm_s` is how long a client waits for the bus: three of the original's clients drop what
    they get a 503 for, and give up after 10 s.
    """

    body_bytes: int = 32 * 2**20
    unpacked_bytes: int = 64 * 2**20
    held_bytes: int = 256 * 2**20
    read_s: float = 60.0
    confirm_s: float = 5.0


class Room:
    """Counts the bytes that requests under way hold, so that many large ones cannot fill the memory."""

    def __init__(self, most_bytes: int) -> None:
        self.free_bytes = most_bytes

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Give one request a share, empty at first and given back at the end of the block."""
        share = Share(self)
        try:
            yield share
        finally:
            share.give_back()


class Share:
    """What one request holds of a `Room`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Hold that many bytes more.

        Raises:
            Retryable: There is no room now.
        """
        if size_bytes > self._room.free_bytes:
            raise Retryable("too many large bodies at once; send this one again")
        self._room.free_bytes -= size_bytes
        self._held_bytes += size_bytes

    def give_back(self) -> None:
        """Hold nothing any more."""
        self._room.free_bytes += self._held_bytes
        self._held_bytes = 0


def form_of(content_type: str) -> Form:
    """Return how a body of this `Content-Type` is written; without one it is JSON.

    Raises:
        UnsupportedMedia: It is none of those listed in the message.
    """
    name = content_type.partition(";")[0].strip().lower()
    if name not in _FORMS:
        raise UnsupportedMedia(
            f"Content-Type {name[:60]!r} is not understood; send application/json or application/msgpack"
        )
    return _FORMS[name]


async def read_body(receive: Receive, announced: str, share: Share, limits: Limits) -> bytes:
    """Return the body as it was sent; `announced` is its `Content-Length`, empty without one.

    Raises:
        TooLarge: It is, or says it is, larger than allowed.
        Rejected: The client left before the end of it.
        Retryable: Too much is held already.
    """
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limits.body_bytes:
        raise _too_large(limits)
    pieces: list[bytes] = []
    size_bytes = 0
    async for piece in _pieces(receive):
        size_bytes += len(piece)
        if size_bytes > limits.body_bytes:
            raise _too_large(limits)
        share.take(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    has_more = True
    while has_more:
        message = await receive()
        if message["type"] != "http.request":
            raise Rejected("the client left before the end of the body")
        yield message["body"]
        has_more = message["more_body"]


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(f"the body is larger than {limits.body_bytes} bytes; send smaller batches")
