"""What a glance at a run tells: that nothing can race, or that nothing can be lost.

Most variables are touched by a few traces that took turns under one lock. Of them there is nothing
to report, and these two questions say so before any pair is looked at. Both are sound and not
complete: a yes is always right; after a no the pairs decide.

The stories of the locks are not asked. That a lock is held everywhere says that no pair races, but
not that no update is lost, because it may have been released between a read and a write; that the
windows follow one another says the latter, whatever was locked.
"""

from __future__ import annotations

import numpy as np

from raceway_core.across.accesses import RunAccesses
from raceway_core.across.turn_writer import guards


def cannot_race(run: RunAccesses) -> bool:
    """Whether nothing is written, or one lock is held at every access, at every write exclusively.

    In a pair that conflicts one access writes, so that lock protects it (`lockset.is_guarded`).
    """
    kinds = {(role.lockset, role.side.access_type.writes) for role in run.roles}
    if not any(writes for _, writes in kinds):
        return True
    return bool(set.intersection(*[guards(lockset, is_write=writes) for lockset, writes in kinds]))


def cannot_lose(run: RunAccesses) -> bool:
    """Whether no trace can be shown to have lost an update of another one.

    Where nothing is written nothing is lost. Else either of two things is enough, the windows taken
    in the order of their begins:

    All accesses carry versions, and these never fall and rise with each write. Versions alone decide
    then. Another trace's write is earlier, so of a version up to the one that an update read, or
    later, so of a higher version than the one that it wrote; and no two updates read one version.

    No access carries one, all are of one process, and the windows do not touch. Then only the clock
    could decide, and on it no write of another trace stands between two accesses of one trace.
    """
    if not run.is_written.any():
        return True
    firsts, lasts = run.window_times()
    in_time = np.argsort(firsts, kind="stable")
    if not run.is_versioned.any():
        take_turns = bool((lasts[in_time][:-1] < firsts[in_time][1:]).all())
        return take_turns and len({role.actor.process for role in run.roles}) == 1
    return bool(run.is_versioned.all()) and _rise(run, in_time)


def _rise(run: RunAccesses, in_time: np.typing.NDArray[np.int64]) -> bool:
    """Whether versions never fall and rise with each write, the traces taken in this order."""
    rank = np.empty_like(in_time)
    rank[in_time] = np.arange(len(in_time))
    order = np.argsort(rank[run.trace], kind="stable")
    versions, writes = run.versions[order], run.is_written[order]
    before = np.concatenate(([-1], versions[:-1]))
    return bool((versions >= before + writes).all())
