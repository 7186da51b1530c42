"""What the bundled servers have in common: start and wait for an answer, stop, die, start again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from raceway_common.servers import supervise
from raceway_common.servers.binary import ServerUnavailable, Wanted, find_binary

_START_S = 30.0
_GRACE_S = 10.0
_POLL_S = 0.01


class Server(ABC):
    """One server on loopback with its data in `directory`; it can be started again on the same data."""

    wanted: ClassVar[Wanted]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, directory: Path, *, port: int | None = None, binary: Path | None = None) -> None:
        """Prepare a server; nothing runs yet. Without a `port` a free one is taken and kept."""
        self.directory = directory.resolve()
        self.port = _free_port() if port is None else port
        self.pid: int | None = None
        self._named = binary
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, credentials included."""

    @abstractmethod
    def command(self, binary: Path) -> list[str]:
        """Return the command that runs the server in the foreground; prepare its data first."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether this server, not just any on its port, serves clients."""

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    def start(self) -> None:
        """Run the server and return once it answers.

        Raises:
            ServerUnavailable: There is no binary, or the server ended or did not answer in time.
        """
        if self._supervisor is not None:
            raise ServerUnavailable(f"{self.wanted.names[0]} in {self.directory} is running already")
        self.directory.mkdir(parents=True, exist_ok=True)
        self._spawn(self.command(find_binary(self.wanted, self._named)))
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server in an orderly way and return when it is gone; again is a no-op."""
        supervisor, self._supervisor, self.pid = self._supervisor, None, None
        if supervisor is None or supervisor.stdin is None:
            return
        supervisor.stdin.close()
        try:
            supervisor.wait(2 * _GRACE_S)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()

    def kill(self) -> None:
        """End the server as `kill -9` does, without a chance to tidy up."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self, command: list[str]) -> None:
        script = [sys.executable, "-I", "-S", supervise.__file__]
        options = [str(int(self.stop_signal)), str(_GRACE_S), str(self.log)]
        self._supervisor = subprocess.Popen(  # noqa: S603 - our own script and a server's binary
            [*script, *options, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us; we then stop the servers in order
        )
        assert self._supervisor.stdout is not None  # noqa: S101 - asked for above
        with self._supervisor.stdout as answer:
            line = answer.readline()
        self.pid = int(line) if line else None

    def _await_answer(self) -> None:
        deadline = time.monotonic() + _START_S
        while self._supervisor is not None and self._supervisor.poll() is None:
            if self.answers():
                return
            if time.monotonic() > deadline:
                raise ServerUnavailable(f"no answer within {_START_S:g} s. {self._last_words()}")
            time.sleep(_POLL_S)
        raise ServerUnavailable(f"ended at start. {self._last_words()}")

    def _last_words(self) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"{self.wanted.names[0]}, last lines of {self.log}:\n" + "\n".join(text.splitlines()[-10:])


def exchange(port: int, question: bytes = b"") -> bytes:
    """Connect, send `question`, and return the beginning of the answer; empty when nobody is there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(question)
            return connection.recv(4096)
    except OSError:
        return b""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
