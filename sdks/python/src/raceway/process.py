"""One process that records: who it is, its numbers, its ambient trace and its queue.

A new one is made by `start` and after a fork; a task belongs to the one that made it, so what is
left over from before records nothing.
"""

from __future__ import annotations

import os
import socket
from itertools import count
from pathlib import Path
from random import SystemRandom
from uuid import uuid4

from raceway.context import Task, Trace
from raceway.queue import EventQueue
from raceway.settings import Settings
from raceway.value import Values

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_random = SystemRandom()


class Process:
    """See the module. `instance` is new with each start and fork."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pid = os.getpid()
        self.instance = uuid4().hex[:12]
        self.host = _host()
        self.component = f"{settings.service}#{self.instance}"
        self.event_prefix = str(uuid4())[:24]
        self.next_event = count(1).__next__
        self._next_task = count(1).__next__
        self.values = Values(os.urandom(16), settings.secret)
        self.queue = EventQueue(settings.queue_size, settings.batch_size)
        self.malformed_headers = 0
        self.ambient = self.new_trace()

    def new_task(self, what: str, trace: Trace) -> Task:
        """Return a task of `trace` that knows of nothing before it."""
        return Task(self, f"{what}-{self._next_task()}", trace)

    def new_trace(self) -> Trace:
        """Return a trace of its own, recorded as often as the settings say."""
        is_sampled = self.settings.sample >= 1 or _random.random() < self.settings.sample
        return Trace(str(uuid4()), new_span_id(), is_sampled=is_sampled)

    def event_id(self, number: int) -> str:
        """Return the UUID of the event with this number."""
        return f"{self.event_prefix}{number:012x}"


def new_span_id() -> str:
    """Return 16 hexadecimal digits, not all zero."""
    return f"{_random.getrandbits(64) or 1:016x}"


def _host() -> str:
    name = socket.gethostname()
    try:
        return f"{name}/{_BOOT_ID.read_text().strip()}"
    except OSError:
        return name
