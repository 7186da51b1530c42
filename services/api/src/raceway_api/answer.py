"""Answers as bytes: encoded once, kept in the cache while their version is current, with an ETag."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b

import msgspec
from litestar import Response
from litestar.openapi import ResponseSpec

from raceway_common.ports.cache import Cache
from raceway_common.web.answer import ENVELOPE_TYPE, PROBLEM_TYPE, Envelope, Failure, Problem
from raceway_common.web.error import AnyRequest

TTL_S = 300.0
MOST_CACHED_BYTES = MOST_TAGGED_BYTES = 4 << 20

Build = Callable[[], Awaitable[bytes]]

_encoder = msgspec.json.Encoder()


async def cached(cache: Cache, key: str, version: int, build: Build) -> bytes:
    """Return what `build` returned for this `version` of `key`, from the cache if it is there."""
    body = await cache.get(key, version=version)
    if body is None:
        body = await build()
        if len(body) <= MOST_CACHED_BYTES:
            await cache.put(key, body, version=version, ttl_s=TTL_S)
    return body


def encode(view: msgspec.Struct | Sequence[msgspec.Struct]) -> bytes:
    """Return `view` as JSON."""
    return _encoder.encode(view)


def enveloped(view: msgspec.Struct | Sequence[msgspec.Struct]) -> bytes:
    """Return `view` as JSON in the original's envelope."""
    return _encoder.encode(Envelope(data=view))


def answer(request: AnyRequest, body: bytes) -> Response[bytes]:
    """Answer with `body`; with 304 and nothing to a client that has it already.

    A large body has no tag: it would cost every reader time, and hardly anybody asks twice.
    """
    if len(body) > MOST_TAGGED_BYTES:
        return Response(body, media_type=ENVELOPE_TYPE)
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in request.headers.get("If-None-Match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=ENVELOPE_TYPE, headers=headers)


def shows(view: type[msgspec.Struct], *errors: int) -> dict[int, ResponseSpec]:
    """Return the documentation of a plain route: what it shows, and which errors it may answer."""
    return {200: _spec(view, "What was asked for")} | {
        status: _spec(Problem, _MEANING[status], PROBLEM_TYPE) for status in errors
    }


def shows_enveloped(
    view: type[msgspec.Struct] | type[Sequence[msgspec.Struct]], *errors: int
) -> dict[int, ResponseSpec]:
    """Return the documentation of a route of the original."""
    return {200: _spec(Envelope[view], "What was asked for")} | {  # type: ignore[valid-type]
        status: _spec(Failure, _MEANING[status], ENVELOPE_TYPE) for status in errors
    }


def _spec(view: type[msgspec.Struct], meaning: str, media_type: str = ENVELOPE_TYPE) -> ResponseSpec:
    return ResponseSpec(view, description=meaning, media_type=media_type, generate_examples=False)


_MEANING = {
    400: "A parameter cannot be read",
    404: "There is no such thing",
    413: "It is too large to be shown",
}
