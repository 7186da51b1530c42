"""What runs inside a worker process. It loads little beside the work, so that a process starts soon."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import cache

from raceway_common.collector import settle_gc

NICENESS = 5
"""The process above takes events in and writes results: where cores are short it goes first."""


def get_ready(load: Callable[[], None]) -> None:
    """Prepare the process, and load what its work needs."""
    settle_in()
    load()
    settle_gc()  # again: what was loaded stays


def work_on(work: Callable[[bytes], bytes], job: bytes) -> bytes:
    """Return `work(job)`."""
    settle_in()
    return work(job)


@cache
def settle_in() -> None:
    """Prepare a worker process for a life of work, once. The process above decides when it ends."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settle_gc()
