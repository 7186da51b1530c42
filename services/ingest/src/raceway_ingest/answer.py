"""The answer to `POST /events`: how many events are held, and which were refused, and why."""

from __future__ import annotations

import msgspec

from raceway_common.web.answer import IntakeAnswer
from raceway_core.intake import Intake, Rejection

_encoder = msgspec.json.Encoder()


def answer_of(intake: Intake) -> tuple[int, bytes]:
    """Return status and body: 200, or 422 when the batch had events and none could be used."""
    if intake.rejected and not intake.accepted:
        error = _nothing_usable(intake.rejected)
        return 422, _encoder.encode(
            IntakeAnswer(success=False, error=error, accepted=0, rejected=intake.rejected)
        )
    data = f"Ingested {intake.accepted} events"
    answer = IntakeAnswer(success=True, data=data, accepted=intake.accepted, rejected=intake.rejected)
    return 200, _encoder.encode(answer)


def _nothing_usable(rejected: tuple[Rejection, ...]) -> str:
    first = rejected[0]
    return (
        f"none of the {len(rejected)} events can be used; the first, at index {first.index}: {first.message}"
    )
