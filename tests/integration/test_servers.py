"""The bundled servers: they answer after start, survive being killed, and never outlive us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from raceway_common.servers import NatsServer, PostgresServer, Server, ServerUnavailable, ValkeyServer

_OWNER = """
import sys
from pathlib import Path
from raceway_common.servers import NatsServer

server = NatsServer(Path(sys.argv[1]))
server.start()
print(server.pid, server.port, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("kind", [NatsServer, PostgresServer, ValkeyServer])
def test_server_starts_again_on_its_data_and_port(kind: type[Server], tmp_path: Path) -> None:
    with kind(tmp_path) as server:
        first, url = server.pid, server.url
        server.kill()
        assert not server.answers()
        server.start()
        assert server.answers()
        assert server.pid != first
        assert server.url == url
    assert not server.answers()


def test_server_ends_with_its_owner_killed(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", _OWNER, tmp_path], stdin=pipe, stdout=pipe) as owner:
        assert owner.stdout is not None
        pid, _ = map(int, owner.stdout.readline().split())
        watch = os.pidfd_open(pid)
        owner.send_signal(signal.SIGKILL)
    assert _ended(watch, timeout_s=15)


def test_failed_start_tells_the_servers_last_words(tmp_path: Path) -> None:
    with NatsServer(tmp_path / "one") as first:
        second = NatsServer(tmp_path / "two", port=first.port)
        with pytest.raises(ServerUnavailable, match="address already in use"):
            second.start()


def _ended(watch: int, *, timeout_s: float) -> bool:
    import select

    try:
        return bool(select.select([watch], [], [], timeout_s)[0])
    finally:
        os.close(watch)
