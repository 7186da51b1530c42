"""What happens to a batch between its arrival and its answer."""

from __future__ import annotations

from typing import NamedTuple

import anyio
import anyio.to_thread
import structlog
from anyio import CancelScope, CapacityLimiter
from litestar.types import Receive

from raceway_common.errors import Unprocessable
from raceway_common.ports.bus import BusWriter
from raceway_core.errors import RacewayError, Rejected, Retryable
from raceway_core.intake import Form, Intake, Misshapen, accept
from raceway_ingest.body import Limits, Room, form_of, read_body
from raceway_ingest.inflate import inflate
from raceway_ingest.publish import publish_all

log = structlog.get_logger()

LONG_WORK_BYTES = 128 * 1024
"""Reading a larger body takes more than a moment; a thread does it, while others are answered."""

LONG_INFLATION_BYTES = 16 * 1024


class Sent(NamedTuple):
    """What a client sent: three headers, empty where there is none, and the body still to receive."""

    content_type: str
    content_encoding: str
    content_length: str
    receive: Receive


class IntakeDesk:
    """Takes batches in; one per process, because requests share room and a thread."""

    def __init__(self, bus: BusWriter, limits: Limits, key_id: str) -> None:
        self._bus = bus
        self._limits = limits
        self._key_id = key_id
        self._room = Room(limits.held_bytes)
        self._thread = CapacityLimiter(1)

    async def take(self, sent: Sent) -> Intake:
        """Return what became of a batch once the bus holds every usable event of it.

        Raises:
            Rejected: The body cannot be used as a whole.
            Retryable: The bus does not confirm; sending the same again is safe.
        """
        form = form_of(sent.content_type)
        limits = self._limits
        late: RacewayError = Rejected(f"the body did not arrive within {limits.read_s:g} s")
        with self._room.share() as share, CancelScope(deadline=_in_s(limits.read_s)) as scope:
            body = await read_body(sent.receive, sent.content_length, share, limits)
            intake = await self._read(body, form, sent.content_encoding)
            late = Retryable(f"the bus did not confirm within {limits.confirm_s:g} s; send the batch again")
            scope.deadline = _in_s(limits.confirm_s)
            await publish_all(self._bus, intake.messages, key_id=self._key_id, batch_id=intake.batch_id)
            _log_refusals(intake)
            return intake
        raise late

    async def _read(self, body: bytes, form: Form, encoding: str) -> Intake:
        if len(body) <= (LONG_INFLATION_BYTES if encoding else LONG_WORK_BYTES):
            return self._intake(body, form, encoding)
        return await anyio.to_thread.run_sync(self._intake, body, form, encoding, limiter=self._thread)

    def _intake(self, body: bytes, form: Form, encoding: str) -> Intake:
        text = inflate(body, encoding, most_bytes=self._limits.unpacked_bytes)
        try:
            return accept(text, form, most_message_bytes=self._bus.max_body_bytes)
        except Misshapen as error:
            raise Unprocessable(str(error)) from error


def _in_s(seconds: float) -> float:
    return anyio.current_time() + seconds


def _log_refusals(intake: Intake) -> None:
    if not intake.rejected:
        return
    first = intake.rejected[0]
    log.warning(
        "events_refused",
        batch_id=intake.batch_id,
        refused=len(intake.rejected),
        accepted=intake.accepted,
        first_index=first.index,
        first_code=first.code,
    )
