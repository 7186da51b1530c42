"""What the SDK knows of a lock: its name, its grants, and who holds it; for every kind of lock.

A lock is named after the line that made it, `accounts_lock@bank.py:12`, because that is what its
author would look for; the second one of a line is `accounts_lock@bank.py:12#2`. Only locks that
the application's own code makes are traced: a library's are its own affair.

A LockRequest comes before waiting, a LockAcquire while the lock is held, with a `grant` that counts
the lock's acquires, a LockRelease while it is still held. A try that does not wait asks for
nothing: it leaves a LockAcquire if it succeeds.
"""

from __future__ import annotations

import sys
from collections import Counter, deque
from itertools import count

from raceway.context import Held, Task, active, current
from raceway.location import Site, describe, is_application, name_assigned_at, site_of_caller
from raceway.record import record, report
from raceway.value import Fields

EXCLUSIVE = "exclusive"
SHARED = "shared"
MOST_HOLDERS = 1024

_made: Counter[str] = Counter()


class LockTrace:
    """Records what happens to one lock. Nothing here raises."""

    __slots__ = ("_grants", "_holders", "_is_reentrant", "_lock_type", "mode", "name", "scope")

    def __init__(
        self,
        name: str,
        lock_type: str,
        *,
        mode: str = EXCLUSIVE,
        scope: str = "process",
        is_reentrant: bool = False,
    ) -> None:
        self.name = name
        self.mode = mode
        self.scope = scope
        self._lock_type = lock_type
        self._is_reentrant = is_reentrant
        self._grants = count(1).__next__
        self._holders: deque[tuple[Task, Held]] = deque(maxlen=MOST_HOLDERS)

    def request(self) -> None:
        """Record that the task is about to wait for the lock."""
        record("LockRequest", self._fields(), site=site_of_caller())

    def acquired(self) -> None:
        """Record that the task holds the lock now. Call while holding."""
        grant = self._grants()
        task = current()
        if task is None:
            return
        held = (self.name, self.mode, self.scope)
        task.hold(held)
        self._holders.append((task, held))
        fields = self._fields()
        if self.scope == "process":
            fields["grant"] = grant
        record("LockAcquire", fields, task=task, site=site_of_caller())

    def releasing(self) -> None:
        """Record that the task lets go of the lock. Call while still holding."""
        task = current()
        if task is not None:
            record("LockRelease", self._fields(), task=task, site=site_of_caller())
            if not self._let_go_of(task):
                self._let_go_of_oldest()

    def _let_go_of(self, task: Task) -> bool:
        for entry in list(self._holders):
            holder, held = entry
            if holder is task:
                try:
                    self._holders.remove(entry)
                except ValueError:
                    return False
                return holder.let_go(held)
        return False

    def _let_go_of_oldest(self) -> None:
        """Release in the place of another task. A semaphore that nobody holds lets one more in by that."""
        try:
            holder, held = self._holders.popleft()
        except IndexError:
            if self._lock_type == "Semaphore":
                self.mode = SHARED
            return
        holder.let_go(held)

    def _fields(self) -> Fields:
        return {
            "lock_id": self.name,
            "lock_type": self._lock_type,
            "mode": self.mode,
            "scope": self.scope,
            "reentrant": self._is_reentrant,
        }


def trace_of_new_lock(
    lock_type: str, depth: int, *, mode: str = EXCLUSIVE, is_reentrant: bool = False
) -> LockTrace | None:
    """Return the trace of a lock made `depth` calls up, or None if a library makes it there."""
    process = active.process
    if process is None:
        return None
    try:
        frame = sys._getframe(depth + 1)  # as in raceway.location
        if not is_application[frame.f_code.co_filename]:
            return None
        name = name_of_site((frame.f_code, frame.f_lasti), process.settings.root)
        return LockTrace(name, lock_type, mode=mode, is_reentrant=is_reentrant)
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report(f"a new {lock_type}")
        return None


def name_of_site(site: Site, root: str) -> str:
    """Return a name that no other lock of this process has, from the line that makes the lock."""
    place = describe(site, root).split(" ", 1)[0]
    name = f"{name_assigned_at(site) or 'lock'}@{place}"
    _made[name] += 1
    return name if _made[name] == 1 else f"{name}#{_made[name]}"
