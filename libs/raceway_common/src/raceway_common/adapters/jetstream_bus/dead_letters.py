"""Dead letters: a stream of their own, each with its reason and its origin in the headers."""

from __future__ import annotations

from datetime import UTC, datetime

from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from raceway_common.adapters.jetstream_bus.streams import Layout, translated
from raceway_common.errors import NotFound
from raceway_common.ports.bus import DeadLetter, Position

_REASON = "Raceway-Reason"
_EPOCH = "Raceway-Epoch"
_SEQUENCE = "Raceway-Sequence"
_MAX_REASON = 500


class DeadLetterStream:
    """The stream of rejected messages."""

    def __init__(self, jetstream: JetStreamContext, layout: Layout) -> None:
        self._jetstream = jetstream
        self._layout = layout

    async def bury(self, body: bytes, origin: Position, reason: str) -> None:
        """Return once the server holds the letter; burying a message twice keeps one letter."""
        headers = {
            "Nats-Msg-Id": f"{origin.epoch}-{origin.sequence}",
            _EPOCH: origin.epoch,
            _SEQUENCE: str(origin.sequence),
            _REASON: _header_text(reason),
        }
        async with translated():
            await self._jetstream.publish(self._layout.dead_subject, body, headers=headers)

    async def oldest(self, most: int) -> list[DeadLetter]:
        """Return up to `most` letters, one round trip each: people read them, not programs."""
        letters: list[DeadLetter] = []
        number = 1
        while len(letters) < most:
            message = await self._find(number)
            if message is None or message.seq is None:
                break
            letters.append(_letter(message))
            number = message.seq + 1
        return letters

    async def revive(self, number: int) -> None:
        """Publish a letter as a new message, then delete it; doing that twice publishes once.

        Raises:
            NotFound: There is no such letter.
        """
        message = await self._find(number)
        if message is None or message.seq != number:
            raise NotFound(f"there is no dead letter {number}")
        headers = {"Nats-Msg-Id": f"{self._layout.dead}-{number}"}
        async with translated():
            await self._jetstream.publish(self._layout.events_subject, message.data or b"", headers=headers)
            await self._jetstream.delete_msg(self._layout.dead, number)

    async def _find(self, number: int) -> RawStreamMsg | None:
        """Return the first letter that has this number or a greater one."""
        subject = self._layout.dead_subject
        async with translated():
            try:
                return await self._jetstream.get_msg(self._layout.dead, number, subject, next=True)
            except NotFoundError:
                return None


def _letter(message: RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    return DeadLetter(
        number=message.seq or 0,
        origin=Position(headers.get(_EPOCH, ""), int(headers.get(_SEQUENCE, "0"))),
        reason=headers.get(_REASON, ""),
        rejected_ns=_nanoseconds(message.time),
        body=message.data or b"",
    )


def _nanoseconds(moment: datetime | None) -> int:
    if moment is None:
        return 0
    since = moment - datetime.fromtimestamp(0, UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000


def _header_text(text: str) -> str:
    """Return `text` as one printable line of ASCII, which is what a header may hold."""
    line = text.encode("ascii", "backslashreplace").decode()
    return "".join(character if character.isprintable() else " " for character in line)[:_MAX_REASON]
