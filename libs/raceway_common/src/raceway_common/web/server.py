"""The HTTP server as a task: it says when it listens, and stops gracefully when it is cancelled."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import anyio
import uvicorn
from anyio.abc import TaskStatus
from litestar.types import ASGIApp

from raceway_common.web.protocol import BoundedHttpProtocol
from raceway_core.errors import Rejected

GRACE_S = 5
KEEP_ALIVE_S = 75
BACKLOG = 2048


class Address(NamedTuple):
    """Where a server listens; `port` is the real one, also when 0 was asked for."""

    host: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


async def serve(
    app: ASGIApp, host: str, port: int, *, task_status: TaskStatus[Address] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Serve `app` until cancelled; then finish running requests for at most `GRACE_S` seconds.

    Reports its address once it listens. Signals are the caller's.

    Raises:
        Rejected: The address cannot be bound.
    """
    with _bound(host, port) as listener:
        server = _Server(_config(app), Address(*listener.getsockname()[:2]), task_status)
        async with anyio.create_task_group() as group:
            group.start_soon(_stop_when_cancelled, server)
            with anyio.CancelScope(shield=True):
                await server.serve(sockets=[listener])
            group.cancel_scope.cancel()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, address: Address, status: TaskStatus[Address]) -> None:
        super().__init__(config)
        self._address = address
        self._status = status

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as error:
            raise RuntimeError("the web application did not start; the log says why") from error
        self._status.started(self._address)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _stop_when_cancelled(server: uvicorn.Server) -> None:
    try:
        await anyio.sleep_forever()
    finally:
        server.should_exit = True


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        ws="none",
        loop="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        family, address = found[0], found[4]
        listener = socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        raise Rejected(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    with listener:
        yield listener
