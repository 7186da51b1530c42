"""The door and the error shapes of every service, over an application with a few routes."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest
from litestar import get, post
from litestar.params import FromPath, FromQuery

from raceway_common.errors import NotFound, TooLarge
from raceway_common.web.app import web_app
from raceway_common.web.health import health_routes
from raceway_core.errors import Rejected, Retryable

pytestmark = pytest.mark.anyio

KEY = "rw_read_secret"

_ERRORS = {"missing": NotFound, "large": TooLarge, "wrong": Rejected, "busy": Retryable, "fault": ValueError}


@get(["/x", "/api/v1/x"])
async def read_x(limit: FromQuery[int] = 3) -> dict[str, int]:
    return {"limit": limit}


@post("/x")
async def write_x() -> dict[str, int]:
    return {}


@get(["/fail/{name:str}", "/api/v1/fail/{name:str}"])
async def fail(name: FromPath[str]) -> None:
    raise _ERRORS[name]("the reason")


def _client(api_key: str | None = None) -> httpx.AsyncClient:
    handlers = [read_x, write_x, fail, *health_routes({}, version="1.2.3")]
    app = web_app(handlers, host="127.0.0.1", api_key=api_key)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # httpx types ASGI less strictly
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8080")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": f"Basic {KEY}"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"X-Raceway-Key": KEY[:-1]}, 401),
        ({"X-Raceway-Key": "schlüssel"}, 401),
        ({"X-Raceway-Key": KEY}, 200),
        ({"Authorization": f"Bearer {KEY}"}, 200),
        ({"Authorization": f"bearer   {KEY} "}, 200),
        ({"Authorization": f"Bearer {KEY}", "Host": "raceway.example", "Origin": "https://a.example"}, 200),
    ],
)
async def test_a_configured_key_is_needed_and_suffices(headers: Mapping[str, str], status: int) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    async with _client(KEY) as client:
        answer = await client.get("/x", headers=raw)
    assert answer.status_code == status
    assert (answer.headers.get("www-authenticate") == "Bearer") is (status == 401)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/version"])
async def test_three_routes_are_open(path: str) -> None:
    async with _client(KEY) as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/livez/", "//livez", "/livez/../x", "/nothing", "/api/v1/nothing", "/docs"]
)
async def test_no_other_route_is_open_not_even_one_that_does_not_exist(path: str) -> None:
    async with _client(KEY) as client:
        assert (await client.get(path)).status_code == 401


async def test_without_a_key_other_hosts_and_sites_are_refused() -> None:
    async with _client() as client:
        assert (await client.get("/x")).status_code == 200
        assert (await client.get("/x", headers={"Host": "evil.example"})).status_code == 403
        assert (await client.get("/livez", headers={"Host": "evil.example"})).status_code == 403
        assert (await client.post("/x", headers={"Origin": "https://evil.example"})).status_code == 403
        assert (await client.get("/x", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_a_link_from_another_site_may_be_followed() -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with _client() as client:
        assert (await client.get("/x", headers=headers)).status_code == 200


async def test_no_answer_invites_other_sites() -> None:
    async with _client() as client:
        answers = [await client.get("/x"), await client.options("/x"), await client.get("/nothing")]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "status"), [("missing", 404), ("large", 413), ("wrong", 400), ("busy", 503), ("fault", 500)]
)
async def test_errors_have_the_shape_of_their_routes(name: str, status: int) -> None:
    async with _client() as client:
        enveloped = await client.get(f"/fail/{name}")
        problem = await client.get(f"/api/v1/fail/{name}")
    assert enveloped.status_code == problem.status_code == status
    reason = "internal error; the server's log has the details" if status == 500 else "the reason"
    assert enveloped.json() == {"success": False, "data": None, "error": reason}
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == status
    assert problem.json()["detail"] == reason
    assert problem.json()["instance"] == f"/api/v1/fail/{name}"
    assert ("retry-after" in problem.headers) is (status == 503)


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nothing", 404, "there is no route /nothing"),
        ("GET", "/api/v1/nothing", 404, "there is no route /api/v1/nothing"),
        ("DELETE", "/x", 405, "DELETE is not allowed here"),
        ("GET", "/x?limit=many", 400, "limit: "),
        ("GET", "/api/v1/x?limit=many", 400, "limit: "),
    ],
)
async def test_what_the_framework_refuses_is_said_in_the_same_shapes(
    method: str, path: str, status: int, reason: str
) -> None:
    async with _client() as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    body = answer.json()
    assert (body["detail"] if path.startswith("/api/v1") else body["error"]).startswith(reason)
    assert ("allow" in answer.headers) is (status == 405)


async def test_head_answers_where_get_does() -> None:
    async with _client() as client:
        assert (await client.head("/x")).status_code == 200
        assert (await client.head("/nothing")).status_code == 404
