"""The server as a task: real sockets on free ports."""

from __future__ import annotations

import contextlib

import anyio
import httpx
import pytest
from anyio.abc import ByteReceiveStream
from litestar import get, post
from litestar.params import RawBody

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


@pytest.mark.parametrize(
    "head",
    [
        b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * (1 << 20),
        b"GET /x HTTP/1.1\r\nHost: localhost\r\n" + b"X-Many: 1234567890\r\n" * 50_000,
        b"GET /" + b"a" * (1 << 20),
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + b"X-Trailer: 1234567890\r\n" * 50_000,
    ],
    ids=["one header", "many headers", "target", "trailers"],
)
async def test_a_head_without_end_costs_the_connection(head: bytes) -> None:
    app = web_app([read_x], host="127.0.0.1", api_key=None)
    async with anyio.create_task_group() as group:
        address = await group.start(serve, app, "127.0.0.1", 0)
        async with await anyio.connect_tcp(*address) as stream:
            with contextlib.suppress(anyio.BrokenResourceError):
                await stream.send(head)
            assert await _status_lines(stream) <= {
                b"HTTP/1.1 400 Bad Request",
                b"HTTP/1.1 405 Method Not Allowed",
            }
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{address.url}/x")).status_code == 200
        group.cancel_scope.cancel()


async def test_a_large_body_before_another_request_is_no_large_head() -> None:
    @post("/size", status_code=200)
    async def size(body: RawBody) -> dict[str, int]:
        return {"size": len(body)}

    app = web_app([size], host="127.0.0.1", api_key=None)
    request = b"POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n" + b"b" * 3_000_000
    async with anyio.create_task_group() as group:
        address = await group.start(serve, app, "127.0.0.1", 0)
        async with await anyio.connect_tcp(*address) as stream:
            await stream.send(request * 3)
            received = b""
            while received.count(b'{"size":3000000}') < 3:
                received += await stream.receive()
        group.cancel_scope.cancel()


def test_an_address_of_ip_version_6_makes_a_url() -> None:
    assert Address("::1", 8080).url == "http://[::1]:8080"
    assert Address("127.0.0.1", 80).url == "http://127.0.0.1:80"


async def _status_lines(stream: ByteReceiveStream) -> set[bytes]:
    """Return the status lines of all answers until the other side closes the connection."""
    received = b""
    with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
        while True:
            received += await stream.receive()
    return {line for line in received.split(b"\r\n") if line.startswith(b"HTTP/")}
