"""A running Raceway: all in one process, or the suite over real servers, for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from raceway_cli.client import Client
from raceway_cli.idle import wait_idle
from raceway_cli.process import Child, raceway, running

READY = r"listening on (http://\S+)"


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """Where programs send their events, where results are read, and the processes, by name.

    `environment` is what another process of the suite needs to join it.
    """

    events_url: str
    api_url: str
    children: Mapping[str, Child]
    environment: Mapping[str, str] = {}

    def wait_idle(self, *, timeout_s: float = 120.0) -> None:
        """Return once everything that was sent is stored, analyzed and counted.

        Raises:
            Retryable: It did not come to rest in time.
        """
        with Client(self.api_url) as client:
            wait_idle(client, timeout_s=timeout_s)


@contextmanager
def all_in_one(data: Path, *, port: int = 0) -> Iterator[Deployment]:
    """Run `raceway up` on `data`."""
    command = raceway("up", "--data", str(data), "--port", str(port))
    with running("raceway", command, ready=READY, logs=data / "logs") as child:
        url = child.said
        yield Deployment(events_url=url, api_url=url, children={"raceway": child})


@contextmanager
def suite(data: Path, *, analyzers: int = 1, port: int = 0) -> Iterator[Deployment]:
    """Run ingest, `analyzers` analyzers and the API on `port` over servers of their own in `data`.

    The server binaries come with the extra `raceway-cli[suite]`.
    """
    with ExitStack() as stack:
        environment = _servers(stack, data)
        logs = data / "logs"

        def start(name: str, *arguments: str, ready: str = READY) -> Child:
            command = raceway(*arguments)
            return stack.enter_context(
                running(name, command, ready=ready, logs=logs, environment=environment)
            )

        start("migrate", "migrate", ready="is current")
        ingest = start("ingest", "ingest", "--port", "0")
        api = start("api", "api", "--port", str(port))
        names = [f"analyzer-{number}" for number in range(1, analyzers + 1)]
        workers = {name: start(name, "analyzer", ready="analyzer running") for name in names}
        children = {"ingest": ingest, "api": api, **workers}
        yield Deployment(events_url=ingest.said, api_url=api.said, children=children, environment=environment)


def _servers(stack: ExitStack, data: Path) -> dict[str, str]:
    from raceway_common.servers import NatsServer, PostgresServer, ValkeyServer

    nats = stack.enter_context(NatsServer(data / "nats"))
    postgres = stack.enter_context(PostgresServer(data / "postgres"))
    valkey = stack.enter_context(ValkeyServer(data / "valkey"))
    return {
        "RACEWAY_NATS_URL": nats.url,
        "RACEWAY_DATABASE_URL": postgres.url,
        "RACEWAY_REDIS_URL": valkey.url,
    }
