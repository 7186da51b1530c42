"""The server as a task: real sockets on free ports."""

from __future__ import annotations

import anyio
import httpx
import pytest
from litestar import get

from raceway_common.web.app import web_app
from raceway_common.web.server import Address, serve
from raceway_core.errors import Rejected

pytestmark = pytest.mark.anyio


@get("/x")
async def read_x() -> dict[str, int]:
    return {"x": 1}


async def test_it_listens_once_started_and_not_after_it_is_cancelled() -> None:
    app = web_app([read_x], host="127.0.0.1", api_key=None)
    async with anyio.create_task_group() as group:
        address = await group.start(serve, app, "127.0.0.1", 0)
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{address.url}/x")).json() == {"x": 1}
            head = await client.head(f"{address.url}/x")
            assert (head.status_code, head.content) == (200, b"")
        group.cancel_scope.cancel()
    with pytest.raises(OSError, match="connect"):
        await anyio.connect_tcp(address.host, address.port)


async def test_a_running_request_is_finished_when_it_is_cancelled() -> None:
    entered, leave = anyio.Event(), anyio.Event()

    @get("/slow")
    async def slow() -> dict[str, int]:
        entered.set()
        await leave.wait()
        return {"done": 1}

    answers = []

    async def ask(url: str) -> None:
        async with httpx.AsyncClient() as client:
            answers.append((await client.get(url)).json())

    app = web_app([slow], host="127.0.0.1", api_key=None)
    async with anyio.create_task_group() as clients, anyio.create_task_group() as group:
        address = await group.start(serve, app, "127.0.0.1", 0)
        clients.start_soon(ask, f"{address.url}/slow")
        await entered.wait()
        group.cancel_scope.cancel()
        leave.set()
    assert answers == [{"done": 1}]


async def test_a_taken_port_is_refused_by_name() -> None:
    app = web_app([read_x], host="127.0.0.1", api_key=None)
    async with anyio.create_task_group() as group:
        address = await group.start(serve, app, "127.0.0.1", 0)
        with pytest.raises(Rejected, match=f"cannot listen on 127.0.0.1:{address.port}"):
            await serve(app, "127.0.0.1", address.port)
        group.cancel_scope.cancel()


def test_an_address_of_ip_version_6_makes_a_url() -> None:
    assert Address("::1", 8080).url == "http://[::1]:8080"
    assert Address("127.0.0.1", 80).url == "http://127.0.0.1:80"
