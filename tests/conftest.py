"""What every test may ask for: the event loop, and real servers.

A server is the one that RACEWAY_TEST_NATS_URL, RACEWAY_TEST_POSTGRES_URL or RACEWAY_TEST_REDIS_URL
names; else a container, where a Docker engine answers and has the image; else a bundled binary.
Where none of these works the test fails: nothing is skipped.

One server serves the whole session. Tests keep apart by a database, a stream or a prefix of their own.
How many examples a property tries is `tests.effort`'s.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from tests import effort

from raceway_common.servers import NatsServer, PostgresServer, Server, ValkeyServer


@dataclass(frozen=True)
class Image:
    """A container image, and the line of its log, met `times` times, after which it serves."""

    name: str
    port: int
    url: str
    ready: str
    times: int = 1
    command: str | None = None
    environment: dict[str, str] | None = None


_NATS = Image("nats:2.12", 4222, "nats://{}", "Server is ready", command="-js")
_VALKEY = Image("valkey/valkey:9", 6379, "redis://{}/0", "Ready to accept connections")
_POSTGRES = Image(
    name="postgres:18",
    port=5432,
    url="postgresql://postgres:postgres@{}/postgres",
    ready="database system is ready to accept connections",
    times=2,  # the first time it is the server that sets up the cluster, and goes away
    environment={"POSTGRES_PASSWORD": "postgres"},
)
_POSTGRES_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


effort.load_profile()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give tests that try harder all the time that they take."""
    if effort.EFFORT > 1:
        config.option.timeout = 0


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread running; the idle ones of the event loop's pools may stay."""
    before = set(threading.enumerate())
    yield
    new = [thread.name for thread in threading.enumerate() if thread not in before and not thread.daemon]
    left = [name for name in new if not name.startswith(("AnyIO worker", "asyncio_"))]
    assert not left, f"threads left running: {left}"


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A NATS server with JetStream. Name streams with `unique_name`."""
    with _provided("NATS", _NATS, lambda: NatsServer(tmp_path_factory.mktemp("nats"))) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis or Valkey server. Begin keys with `unique_name`."""
    with _provided("REDIS", _VALKEY, lambda: ValkeyServer(tmp_path_factory.mktemp("valkey"))) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Postgres server, as somebody who may create databases. Most tests want `postgres_url`."""

    def bundled() -> PostgresServer:
        return PostgresServer(tmp_path_factory.mktemp("postgres"), options=_POSTGRES_SPEED)

    with _provided("POSTGRES", _POSTGRES, bundled) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_admin_url: str, unique_name: str) -> Iterator[str]:
    """An empty Postgres database of the test's own, `postgresql://…`; it is dropped afterwards."""
    asyncio.run(_execute(postgres_admin_url, f'CREATE DATABASE "{unique_name}"'))
    yield urlunsplit(urlsplit(postgres_admin_url)._replace(path=f"/{unique_name}"))
    asyncio.run(_execute(postgres_admin_url, f'DROP DATABASE "{unique_name}" WITH (FORCE)'))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def unique_name() -> str:
    """A name that no other test and no other run on the same server uses."""
    return f"test_{uuid4().hex}"


@contextmanager
def _provided(name: str, image: Image, bundled: Callable[[], Server]) -> Iterator[str]:
    given = os.environ.get(f"RACEWAY_TEST_{name}_URL")
    if given:
        yield given
    elif _is_in_docker(image.name):
        with _container(image) as url:
            yield url
    else:
        with bundled() as server:
            yield server.url


def _is_in_docker(image: str) -> bool:
    """Ask the command line: Docker's Python client leaks a socket for each try at an absent engine."""
    program = shutil.which("docker")
    if program is None:
        return False
    question = [program, "image", "inspect", image]
    return subprocess.run(question, capture_output=True, timeout=10, check=False).returncode == 0


@contextmanager
def _container(image: Image) -> Iterator[str]:
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    testcontainers_config.ryuk_disabled = True  # its reaper is one more image; `with` removes ours
    ready = LogMessageWaitStrategy(image.ready, times=image.times)
    container = DockerContainer(image.name, command=image.command, env=image.environment)
    with container.with_exposed_ports(image.port).waiting_for(ready) as running:
        address = f"{running.get_container_host_ip()}:{running.get_exposed_port(image.port)}"
        yield image.url.format(address)
