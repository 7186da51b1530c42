"""The two shapes of an answer that is not plain data: the original's envelope, and problem details.

Routes under `/api/v1` answer plain JSON, and errors as problem details (RFC 9457); all others wrap
what they answer in the envelope that the original's clients expect.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Generic, TypeVar

import msgspec

from raceway_core.intake import Rejection

T = TypeVar("T")

ENVELOPE_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"


class Envelope(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """An answer of the original's routes that succeeded."""

    success: bool = True
    data: T
    error: None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the original's routes that failed."""

    success: bool = False
    data: None = None
    error: str


class IntakeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `POST /events`: the envelope, and two keys of ours."""

    success: bool
    data: str | None = None
    error: str | None = None
    accepted: int
    rejected: tuple[Rejection, ...]


class Problem(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457)."""

    title: str
    status: int
    detail: str
    instance: str
    type: str = "about:blank"


def error_body(path: str, status: int, message: str) -> tuple[bytes, str]:
    """Return body and media type of an error, in the shape of the routes that `path` belongs to."""
    if path == "/api/v1" or path.startswith("/api/v1/"):
        problem = Problem(HTTPStatus(status).phrase, status, message, path)
        return msgspec.json.encode(problem), PROBLEM_TYPE
    return msgspec.json.encode(Failure(error=message)), ENVELOPE_TYPE
