"""Signing in: a browser gives the API key once, as a password, and gets the cookie of a session.

The three routes are open and have no envelope, as the original's clients expect.
"""

from __future__ import annotations

from math import ceil

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.openapi import ResponseSpec

from raceway_api.answer import encode, shows
from raceway_api.deps import Given
from raceway_common.web.answer import ENVELOPE_TYPE, Failure
from raceway_common.web.credentials import COOKIE, SESSION_S, Credentials
from raceway_common.web.error import AnyRequest
from raceway_core.errors import Rejected

_MOST_BODY_BYTES = 4096


class AuthView(msgspec.Struct, frozen=True):
    """Whether this browser may come in, and whether anybody has to sign in at all."""

    authenticated: bool
    auth_required: bool


class OutcomeView(msgspec.Struct, frozen=True):
    success: bool
    message: str


class _Login(msgspec.Struct, frozen=True):
    password: str


_login = msgspec.json.Decoder(_Login)


@get("/auth/check", tags=["Access"], summary="Is this browser signed in?", responses=shows(AuthView))
async def check(request: AnyRequest, deps: Given) -> Response[bytes]:
    headers = list(request.scope["headers"])
    known = deps.credentials
    is_in = known is None or known.has_key(headers) or known.has_session(headers)
    return _answer(encode(AuthView(is_in, auth_required=known is not None)))


@post(
    "/auth/login",
    status_code=200,
    tags=["Access"],
    summary="Sign in with the API key as password",
    request_max_body_size=_MOST_BODY_BYTES,
    responses=shows(OutcomeView)
    | {
        400: ResponseSpec(
            Failure, description="No password is needed, or none was sent", generate_examples=False
        ),
        401: ResponseSpec(OutcomeView, description="The password is wrong", generate_examples=False),
        429: ResponseSpec(OutcomeView, description="Too many wrong passwords", generate_examples=False),
    },
)
async def login(request: AnyRequest, deps: Given) -> Response[bytes]:
    if deps.credentials is None:
        raise Rejected("no password is set: everybody who reaches this server may use it")
    client = request.client.host if request.client else ""
    if wait_s := deps.throttle.wait_s(client):
        return _refused(429, "too many wrong passwords; wait a little", {"Retry-After": str(ceil(wait_s))})
    password = _password_in(await request.body())
    if not deps.credentials.is_key(password.encode("utf-8", "replace")):
        deps.throttle.note_failure(client)
        return _refused(401, "the password is wrong", {})
    return _answer(
        encode(OutcomeView(success=True, message="signed in")), cookie=_cookie(request, deps.credentials)
    )


@post(
    "/auth/logout",
    status_code=200,
    tags=["Access"],
    summary="Let this browser forget its session",
    responses=shows(OutcomeView),
)
async def logout(request: AnyRequest) -> Response[bytes]:
    return _answer(encode(OutcomeView(success=True, message="signed out")), cookie=_cookie(request, None))


def _password_in(body: bytes) -> str:
    try:
        return _login.decode(body).password
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Rejected('the body must be JSON like {"password": "…"}') from error


def _cookie(request: AnyRequest, credentials: Credentials | None) -> Cookie:
    """Return the cookie of a new session; without credentials, one that ends the old one's."""
    is_secure = request.url.scheme == "https" or request.headers.get("X-Forwarded-Proto") == "https"
    return Cookie(
        key=COOKIE,
        value=credentials.open_session() if credentials else "",
        path="/",
        max_age=SESSION_S if credentials else 0,
        httponly=True,
        secure=is_secure,
        samesite="strict",
    )


def _answer(body: bytes, *, cookie: Cookie | None = None) -> Response[bytes]:
    cookies = [cookie] if cookie else []
    headers = {"Cache-Control": "no-store"}
    return Response(body, media_type=ENVELOPE_TYPE, headers=headers, cookies=cookies)


def _refused(status: int, message: str, headers: dict[str, str]) -> Response[bytes]:
    body = encode(OutcomeView(success=False, message=message))
    return Response(
        body, status_code=status, media_type=ENVELOPE_TYPE, headers={"Cache-Control": "no-store", **headers}
    )


HANDLERS = (check, login, logout)
