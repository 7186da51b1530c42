"""Signing in with a browser: what the cookie opens, what it is, and how often one may guess."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from tests.unit.api.serving import Serving, serving

from raceway_api.throttle import MOST_IN_ALL, MOST_PER_CLIENT, WINDOW_S, Throttle
from raceway_common.web.credentials import COOKIE, SESSION_S, Credentials

pytestmark = pytest.mark.anyio

KEY = "rw_admin_0123456789"


@pytest.fixture
async def guarded_api(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Serving]:
    """The API with a key, and nobody signed in."""
    path = tmp_path / "raceway.db"
    shutil.copy(migrated_file, path)
    async with serving(path, api_key=KEY) as running:
        yield running


async def _login(api: Serving, password: object = KEY, headers: Mapping[str, str] | None = None) -> int:
    answer = await api.client.post("/auth/login", json={"password": password}, headers=headers)
    return answer.status_code


async def test_a_session_opens_what_the_key_opens_until_it_is_ended(guarded_api: Serving) -> None:
    client = guarded_api.client
    assert (await client.get("/auth/check")).json() == {"authenticated": False, "auth_required": True}
    assert (await client.get("/docs")).status_code == 401

    answer = await client.post("/auth/login", json={"password": KEY})
    assert (answer.status_code, answer.json()) == (200, {"success": True, "message": "signed in"})
    assert (await client.get("/auth/check")).json() == {"authenticated": True, "auth_required": True}
    for path in ("/docs", "/api/traces", "/api/v1/traces"):
        assert (await client.get(path)).status_code == 200

    answer = await client.post("/auth/logout")
    assert (answer.status_code, answer.json()) == (200, {"success": True, "message": "signed out"})
    assert COOKIE not in client.cookies
    assert (await client.get("/api/traces")).status_code == 401


async def test_no_script_and_no_other_site_gets_the_cookie(guarded_api: Serving) -> None:
    for proto, is_secure in (("http", False), ("https", True)):
        answer = await guarded_api.client.post(
            "/auth/login", json={"password": KEY}, headers={"X-Forwarded-Proto": proto}
        )
        [cookie] = answer.headers.get_list("set-cookie")
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/", f"max-age={SESSION_S}"} <= attributes
        assert ("secure" in attributes) is is_secure
        assert answer.headers["cache-control"] == "no-store"
        assert KEY not in cookie


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:8080"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"X-Raceway-Key": "wrong"}, 401),
        ({"X-Raceway-Key": KEY, "Origin": "https://a.example"}, 200),
    ],
)
async def test_a_page_of_another_site_cannot_use_a_session(
    guarded_api: Serving, headers: Mapping[str, str], status: int
) -> None:
    assert await _login(guarded_api) == 200
    assert (await guarded_api.client.get("/api/traces", headers=headers)).status_code == status


async def test_a_page_of_another_site_cannot_sign_a_browser_in_or_out(guarded_api: Serving) -> None:
    foreign = {"Origin": "https://evil.example"}
    assert await _login(guarded_api, headers=foreign) == 403
    assert (await guarded_api.client.post("/auth/logout", headers=foreign)).status_code == 403


@pytest.mark.parametrize(
    "word", ["", ".", "x.y", "99999999999.", "99999999999.00", "é.é", "٣٣٣٣.0", "1" * 5000 + ".0", "a=b; c"]
)
async def test_a_made_up_session_is_none(guarded_api: Serving, word: str) -> None:
    cookie = [(b"Cookie", f"other=1; {COOKIE}={word}".encode())]
    assert (await guarded_api.client.get("/api/traces", headers=cookie)).status_code == 401
    check = (await guarded_api.client.get("/auth/check", headers=cookie)).json()
    assert check["authenticated"] is False


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"password": 1}',
        b'{"password": null}',
        b"[" * 4000,
        b"\xff",
        b'{"password": "\xff"}',
    ],
)
async def test_what_is_no_password_is_refused_in_the_envelope(guarded_api: Serving, body: bytes) -> None:
    answer = await guarded_api.client.post("/auth/login", content=body)
    assert answer.status_code == 400
    assert answer.json().keys() == {"success", "data", "error"}


async def test_a_large_body_is_not_read(guarded_api: Serving) -> None:
    assert await _login(guarded_api, "x" * 5000) == 413


async def test_guessing_is_slowed_down(guarded_api: Serving) -> None:
    for _ in range(MOST_PER_CLIENT):
        assert await _login(guarded_api, "wrong") == 401
    answer = await guarded_api.client.post("/auth/login", json={"password": KEY})
    assert (answer.status_code, answer.json()["success"]) == (429, False)
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW_S + 1
    key = {"X-Raceway-Key": KEY}
    assert (await guarded_api.client.get("/api/traces", headers=key)).status_code == 200


async def test_without_a_password_there_is_nothing_to_sign_in_to(empty_api: Serving) -> None:
    assert await empty_api.get("/auth/check") == {"authenticated": True, "auth_required": False}
    answer = await empty_api.client.post("/auth/login", json={"password": "x"})
    assert answer.status_code == 400
    assert answer.json().keys() == {"success", "data", "error"}
    assert (await empty_api.client.post("/auth/logout")).json()["success"] is True


def test_a_session_ends_and_belongs_to_its_key() -> None:
    now = [1_000_000.5]
    credentials = Credentials(KEY, now_s=lambda: now[0])
    word = credentials.open_session()
    assert Credentials(KEY, now_s=lambda: now[0]).is_session(word)
    assert not Credentials("rw_admin_another_key", now_s=lambda: now[0]).is_session(word)
    assert not credentials.is_session(word + "0")
    end, _, mac = word.partition(".")
    assert not credentials.is_session(f"{int(end) + 1}.{mac}")
    now[0] += SESSION_S
    assert not credentials.is_session(word)


def test_failures_are_counted_by_client_and_in_all_for_a_minute() -> None:
    now = [0.0]
    throttle = Throttle(now_s=lambda: now[0])
    for _ in range(MOST_PER_CLIENT):
        assert throttle.wait_s("a") == 0
        throttle.note_failure("a")
    now[0] = 10.0
    assert (throttle.wait_s("a"), throttle.wait_s("b")) == (50.0, 0.0)
    for number in range(MOST_IN_ALL - MOST_PER_CLIENT):
        throttle.note_failure(f"c{number}")
    assert throttle.wait_s("b") == 50.0
    now[0] = 60.0
    assert throttle.wait_s("a") == throttle.wait_s("b") == 0.0


def test_many_addresses_do_not_fill_the_memory() -> None:
    throttle = Throttle(now_s=lambda: 0.0)
    for number in range(5000):
        throttle.note_failure(str(number))
    assert throttle.wait_s("new") == WINDOW_S
