"""Who is who: the identity of processes, hosts, variables, locks and places in the code.

Two accesses speak of one variable only if its name and its scope key agree, and two holds of one
lock likewise. A scope key says who shares the name:

    process   service, instance and process id: memory
    service   all instances of a service: a database table of that service
    global    everybody

What a client does not declare is `global` for a variable, because races across services are asked
for, and `service` for a lock, because a lock that guards across services is rare and would hide
races.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from raceway_core.event import Event, HeldLock, LockMode, LockPayload, Metadata, Scope


class Process(NamedTuple):
    """A running process. `instance` is empty when the client did not name one."""

    service: str
    instance: str
    process_id: int

    @property
    def is_known(self) -> bool:
        """Whether it can be told from another process of the same service and process id."""
        return bool(self.instance)


class Lock(NamedTuple):
    """A lock as held: equal `name` and `scope_key` is one lock."""

    name: str
    scope_key: str
    mode: LockMode


class Place(NamedTuple):
    """Where in the code something happened. Unknown parts are empty."""

    file: str
    line: str
    function: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where} {self.function}".strip() or "an unknown place"


def process_of(event: Event) -> Process:
    """Return the process that recorded `event`.

    Clients of the original protocol name their instance only in the clock's `service#instance`.
    """
    metadata = event.metadata
    instance = metadata.instance_id or _instance_in_clock(event)
    return Process(metadata.service_name, instance, int(metadata.process_id))


def _instance_in_clock(event: Event) -> str:
    """Find the instance in a component `service#instance`, or in the own one, `service#instance#task`."""
    metadata = event.metadata
    prefix, suffix = metadata.service_name + "#", "#" + (metadata.task_id or metadata.thread_id)
    for component, _ in event.causality_vector:
        if component.startswith(prefix):
            rest = component.removeprefix(prefix)
            if "#" not in rest:
                return rest
            if rest.endswith(suffix):
                return rest.removesuffix(suffix)
    return ""


def host_of(metadata: Metadata, process: Process) -> str:
    """Return the host's name; without one an instance is a host of its own, or unknown (empty)."""
    if metadata.host:
        return metadata.host
    return "/".join(map(str, process)) if process.is_known else ""


EVERYBODY = Scope.GLOBAL.value
"""The scope key of what all services share; any other names the one service that has it."""


def scope_key(scope: Scope, process: Process) -> str:
    """Return the key of everybody who shares a name declared with `scope` by `process`."""
    match scope:
        case Scope.PROCESS:
            return f"process:{process.service}/{process.instance}/{process.process_id}"
        case Scope.SERVICE:
            return f"service:{process.service}"
        case Scope.GLOBAL:
            return EVERYBODY


def lock_of(payload: LockPayload, process: Process, undeclared: Scope = Scope.SERVICE) -> Lock:
    """Return the lock of a lock event, its mode read from the type's name when not sent."""
    mode = payload.mode or _mode_of_type(payload.lock_type)
    return Lock(payload.lock_id, scope_key(payload.scope or undeclared, process), mode)


def lock_of_entry(entry: str | HeldLock, process: Process, undeclared: Scope = Scope.SERVICE) -> Lock:
    """Return the lock of a lockset entry that was sent with an event."""
    if isinstance(entry, str):
        return Lock(entry, scope_key(undeclared, process), LockMode.EXCLUSIVE)
    return Lock(entry.id, scope_key(entry.scope or undeclared, process), entry.mode)


@lru_cache(maxsize=1024)
def _mode_of_type(lock_type: str) -> LockMode:
    name = lock_type.lower()
    return LockMode.SHARED if "read" in name or "shared" in name else LockMode.EXCLUSIVE


_KEYS = re.compile(r"\[[^\]]*\]")
_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=65536)
def pattern_of(variable: str) -> str:
    """Return the variable with its keys replaced: `accounts['alice']` becomes `accounts[*]`."""
    if "[" in variable:
        return _KEYS.sub("[*]", variable)
    return _DIGITS.sub("*", variable)


_LINE = re.compile(r"^(?P<file>.*?):(?P<line>\d+)(?::\d+)?(?:\s+(?P<function>.+))?$", re.DOTALL)


@lru_cache(maxsize=65536)
def place_of(location: str) -> Place:
    """Read a location, `path:line`, `path:line function`, or any other text as a file."""
    if match := _LINE.match(location):
        return Place(match["file"], match["line"], (match["function"] or "").strip())
    return Place(location.strip(), "", "")
