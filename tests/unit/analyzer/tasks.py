"""What the tests have worker processes do."""

from __future__ import annotations

import os
import signal
import threading


def own_pid(_: bytes) -> bytes:
    return str(os.getpid()).encode()


def kill_itself(_: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def never_return(_: bytes) -> bytes:
    threading.Event().wait()
    return b""
