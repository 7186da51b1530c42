"""A child process that says when it is ready, leaves a log behind, and ends with its parent's block."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from raceway_core.errors import RacewayError

STOP_S = 10.0
_TAIL_BYTES = 2000


class ProcessFailed(RacewayError):
    """A child ended, or stayed silent, before it was ready; the message has the end of its log."""


class Child:
    """A running child process."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log
        self._ready: re.Match[str] | None = None
        self._settled = Event()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        """What the ready line's first group matched, or the whole match; empty before it is ready."""
        match = self._ready
        return "" if match is None else match[match.lastindex or 0]

    def watch(self, pattern: re.Pattern[str]) -> None:
        """Copy the child's output to its log until it ends; notice the line that says it is ready."""
        with self._log.open("ab") as log:
            for line in self._process.stdout or ():
                log.write(line)
                log.flush()
                if self._ready is None and (match := pattern.search(line.decode(errors="replace"))):
                    self._ready = match
                    self._settled.set()
        self._settled.set()

    def wait_ready(self, timeout_s: float) -> None:
        """Return once the child said that it is ready.

        Raises:
            ProcessFailed: It ended first, or did not say so in time.
        """
        in_time = self._settled.wait(timeout_s)
        if self._ready is not None:
            return
        what = "ended before it was ready" if in_time else f"was not ready after {timeout_s:g} s"
        raise ProcessFailed(f"{self.name} {what}; the end of {self._log}:\n{self._tail()}")

    def kill(self) -> None:
        """End the child as a crash would, with SIGKILL, and wait for its death."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask the child to end, and end it after `STOP_S` seconds if it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _tail(self) -> str:
        return self._log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")


@contextmanager
def running(
    name: str,
    argv: Sequence[str],
    *,
    ready: str,
    logs: Path,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 30.0,
) -> Iterator[Child]:
    """Run `argv` for the length of the block, which is entered once a line matches `ready`."""
    logs.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(  # noqa: S603 - our own programs, or one that the user named
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {}), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    ) as process:
        child = Child(name, process, logs / f"{name}.log")
        watcher = Thread(target=child.watch, args=(re.compile(ready),), daemon=True)
        watcher.start()
        try:
            child.wait_ready(timeout_s)
            yield child
        finally:
            child.stop()
            watcher.join(STOP_S)


def raceway(*arguments: str) -> list[str]:
    """Return the command line of `raceway` in this very environment."""
    return [sys.executable, "-m", "raceway_cli", *arguments]
