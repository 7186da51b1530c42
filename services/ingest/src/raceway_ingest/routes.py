"""`POST /events`: read, take in, publish, and only then answer."""

from __future__ import annotations

import anyio.to_thread
import structlog
from anyio import CapacityLimiter
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from raceway_common.errors import Unprocessable
from raceway_common.ports.bus import BusWriter
from raceway_core.intake import Form, Intake, Misshapen, accept
from raceway_ingest.answer import answer_of
from raceway_ingest.body import AnyRequest, Limits, Room, form_of, read_body
from raceway_ingest.inflate import inflate
from raceway_ingest.publish import publish_all

log = structlog.get_logger()

LONG_WORK_BYTES = 128 * 1024
"""Reading a larger body takes more than a moment; a thread does it, while others are answered."""

LONG_INFLATION_BYTES = 16 * 1024


def ingest_routes(bus: BusWriter, *, limits: Limits, key_id: str = "") -> list[HTTPRouteHandler]:
    """Return the routes that take events in. `key_id` tells the batches of different keys apart."""
    desk = IntakeDesk(bus, limits, key_id)

    @post(
        "/events",
        status_code=200,
        request_max_body_size=None,  # the desk has limits of its own, and answers in our words
        tags=["Intake"],
        summary="Send a batch of events",
    )
    async def post_events(request: AnyRequest) -> Response[bytes]:
        return await desk.take(request)

    return [post_events]


class IntakeDesk:
    """What happens to a request; one per process, because requests share room and a thread."""

    def __init__(self, bus: BusWriter, limits: Limits, key_id: str) -> None:
        self._bus = bus
        self._limits = limits
        self._key_id = key_id
        self._room = Room(limits.held_bytes)
        self._thread = CapacityLimiter(1)

    async def take(self, request: AnyRequest) -> Response[bytes]:
        """Answer once the bus holds every usable event of the request.

        Raises:
            Rejected: The body cannot be used as a whole.
            Retryable: The bus does not confirm; sending the same again is safe.
        """
        form = form_of(request.headers.get("content-type", ""))
        encoding = request.headers.get("content-encoding", "")
        with self._room.share() as share:
            body = await read_body(request, share, self._limits)
            intake = await self._read(body, form, encoding)
            if intake.messages:
                await self._publish(intake)
        if intake.rejected:
            self._log_refusals(intake)
        return answer_of(intake)

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

    async def _publish(self, intake: Intake) -> None:
        await publish_all(
            self._bus,
            intake.messages,
            key_id=self._key_id,
            batch_id=intake.batch_id,
            deadline_s=self._limits.confirm_s,
        )

    def _log_refusals(self, intake: Intake) -> None:
        first = intake.rejected[0]
        log.warning(
            "events_refused",
            batch_id=intake.batch_id,
            refused=len(intake.rejected),
            accepted=intake.accepted,
            first_index=first.index,
            first_code=first.code,
        )
