"""Wait cycles: tasks each of which waits for a lock that the next one holds."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from raceway_core.identity import Lock
from raceway_core.locking.span import key_of
from raceway_core.lockset import LockKey, Lockset


class Wait(NamedTuple):
    """A chain that waits at `event` for `lock`, holding `own`, and with its parents `held`.

    `waiters` are the events at which its parents await it, the nearest first.
    """

    chain: int
    event: int
    lock: Lock
    own: Lockset
    held: Lockset
    waiters: tuple[int, ...] = ()


Key: TypeAlias = tuple[frozenset[int], frozenset[LockKey]]
"""The chains that wait, and the locks that they want: equal ones are one deadlock."""


class WaitCycle(NamedTuple):
    """Each waits for the next, the last for the first. Actual is what was seen, else it is possible."""

    waits: tuple[Wait, ...]
    is_actual: bool

    @property
    def key(self) -> Key:
        """What tells it from other deadlocks."""
        return (
            frozenset(wait.chain for wait in self.waits),
            frozenset(key_of(wait.lock) for wait in self.waits),
        )
