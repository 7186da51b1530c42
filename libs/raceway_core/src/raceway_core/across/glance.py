"""What a glance at the windows of a run tells: that nothing can race, or that nothing can be lost.

Most variables are touched by a few traces that took turns under one lock. Of them there is nothing
to report, and these two questions say so before any pair is looked at. Both are sound and not
complete: a yes is always right; after a no the pairs decide.

The stories of the locks are not asked. That a lock is held everywhere says that no pair races, but
not that no update is lost, because it may have been released between a read and a write; that the
windows follow one another says the latter, whatever was locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from itertools import pairwise

from raceway_core.across.window import Opened, Row
from raceway_core.event import LockMode
from raceway_core.lockset import LockKey, Lockset


def cannot_race(windows: Iterable[Opened]) -> bool:
    """Whether nothing is written, or one lock is held at every access, at every write exclusively.

    In a pair that conflicts one access writes, so that lock protects it (`lockset.is_guarded`).
    """
    held: Set[LockKey] | None = None
    is_written = False
    for window in windows:
        for row in window.rows:
            writes = row.access_type.writes
            is_written |= writes
            if held is None or held:
                here = guards(window.lockset(row), is_write=writes)
                held = here if held is None else held & here
            elif is_written:
                return False
    return bool(held) or not is_written


def guards(lockset: Lockset, *, is_write: bool) -> set[LockKey]:
    """Return the locks that protect an access from every other one that holds them."""
    return {
        (name, scope_key) for name, scope_key, mode in lockset if not is_write or mode is LockMode.EXCLUSIVE
    }


def cannot_lose(windows: Sequence[Opened]) -> bool:
    """Whether no trace can be shown to have lost an update of another one.

    Where nothing is written nothing is lost. Else either of two things is enough, the windows taken
    in the order of their begins:

    All accesses carry versions, and these never fall and rise with each write. Versions alone decide
    then. Another trace's write is earlier, so of a version up to the one that an update read, or
    later, so of a higher version than the one that it wrote; and no two updates read one version.

    No access carries one, all are of one process, and the windows do not touch. Then only the clock
    could decide, and on it no write of another trace stands between two accesses of one trace.
    """
    in_time = sorted(windows, key=lambda window: window.first_ns)
    rows = [row for window in in_time for row in window.rows]
    if not any(row.access_type.writes for row in rows):
        return True
    if all(row.version is None for row in rows):
        return _is_one_process(windows) and _take_turns(in_time)
    return rise(rows)


def _is_one_process(windows: Iterable[Opened]) -> bool:
    return len({process for window in windows for process in window.processes}) == 1


def _take_turns(in_time: Iterable[Opened]) -> bool:
    return all(before.last_ns < after.first_ns for before, after in pairwise(in_time))


def rise(rows: Iterable[Row]) -> bool:
    """Whether all versions are known, never fall, and rise with each write."""
    highest = -1
    for row in rows:
        if row.version is None or row.version < highest + row.access_type.writes:
            return False
        highest = row.version
    return True
