"""The answer to `POST /events`: how many events are held, and which were refused, and why."""

from __future__ import annotations

import msgspec
from litestar import Response

from raceway_core.intake import Intake, Rejection

_encoder = msgspec.json.Encoder()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope that the original's clients expect, and two keys of ours."""

    success: bool
    data: str | None = None
    error: str | None = None
    accepted: int
    rejected: tuple[Rejection, ...]


def answer_of(intake: Intake) -> Response[bytes]:
    """Return 200, or 422 when the batch had events and none could be used."""
    if intake.rejected and not intake.accepted:
        error = _nothing_usable(intake.rejected)
        return _json(422, Answer(success=False, error=error, accepted=0, rejected=intake.rejected))
    data = f"Ingested {intake.accepted} events"
    return _json(200, Answer(success=True, data=data, accepted=intake.accepted, rejected=intake.rejected))


def _nothing_usable(rejected: tuple[Rejection, ...]) -> str:
    first = rejected[0]
    return (
        f"none of the {len(rejected)} events can be used; the first, at index {first.index}: {first.message}"
    )


def _json(status: int, answer: Answer) -> Response[bytes]:
    return Response(_encoder.encode(answer), status_code=status, media_type="application/json")
