"""The one order of a run's writes that decides about all of it, where there is one.

`raceway_core.write_order` tells which orders can be trusted and why. Of a whole run there may be
several, or one that speaks of some of its accesses only; here is the case that ten thousand requests
usually are: all committed accesses carry versions of one history, or none does and the values confirm
the clock of their one process. Then an update loses exactly the writes between its read and its
write, which can be counted without being listed.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np

from raceway_core.access import Variable
from raceway_core.across.accesses import Role, RunAccesses
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.write_order import Ranked, Rule, Update, WriteOrder, shared_history


class Updates(NamedTuple):
    """The updates of a run (`write_order.Update`): the numbers of their reads and of their writes."""

    reads: Integers
    writes: Integers

    def of(self, chosen: Flags) -> Updates:
        """Return some of them."""
        return Updates(self.reads[chosen], self.writes[chosen])


class RunOrder(NamedTuple):
    """The committed writes, and the place of each access of the run in the order.

    `ranks` are by access: that of a write is its own, that of a read is that of a write which it saw
    or lies between two. `writes` are in their order.
    """

    rule: Rule
    ranks: Integers
    writes: Integers
    updates: Updates

    def of(self, updating: Flags, losing: Flags) -> RunOrder:
        """Return the writes of some transactions with the updates of some; the flags are by access."""
        return self._replace(
            writes=self.writes[losing[self.writes]], updates=self.updates.of(updating[self.updates.writes])
        )

    def listed(self, run: RunAccesses) -> WriteOrder:
        """Return the order with accesses as objects."""
        updates = [
            Ranked(int(self.ranks[read]), int(self.ranks[write]), Update(run.access(read), run.access(write)))
            for read, write in zip(self.updates.reads.tolist(), self.updates.writes.tolist(), strict=True)
        ]
        writes = run.accesses(self.writes.tolist())
        return WriteOrder(self.rule, self.ranks[self.writes].tolist(), writes, updates)


def updates_of(run: RunAccesses) -> Updates:
    """Return the updates of committed transactions, as `write_order.updates_of` does. Time: O(k log k)."""
    chosen = np.flatnonzero(run.is_committed)
    in_order = chosen[np.argsort(run.transaction[chosen], kind="stable")]
    own = run.transaction[in_order]
    begins = np.searchsorted(own, own, side="left")
    is_read = run.is_read[in_order]
    last_read = np.maximum.accumulate(np.where(is_read, np.arange(len(own)), -1))
    is_update = ~is_read & (last_read >= begins)
    return Updates(in_order[last_read[is_update]], in_order[is_update])


def sole_order(run: RunAccesses, variable: Variable, updates: Updates) -> RunOrder | None:
    """Return the one order that decides about all committed accesses; None if there is no such order.

    Time: O(k log k), but see `_is_unambiguous`.
    """
    committed = np.flatnonzero(run.is_committed)
    is_versioned = run.is_versioned[committed]
    roles = [run.roles[number] for number in np.unique(run.role[committed]).tolist()]
    if is_versioned.all():
        return _by_version(run, updates) if _is_one_history(variable, roles) else None
    if is_versioned.any():
        return None
    clock = _confirmed_clock(run, committed, roles)
    if clock is None:
        return None
    ranks = np.zeros(len(run.trace), dtype=np.int64)
    ranks[clock] = np.arange(len(clock))
    return RunOrder(Rule.CLOCK, ranks, clock[run.is_written[clock]], updates)


def _is_one_history(variable: Variable, roles: list[Role]) -> bool:
    keys: set[Hashable] = {
        shared_history(variable, role.actor.process, is_declared=role.is_scope_declared) for role in roles
    }
    return len(keys) == 1 and None not in keys


def _by_version(run: RunAccesses, updates: Updates) -> RunOrder | None:
    """Return the order by version, if no two writes share one and each update made a higher one."""
    writes = np.flatnonzero(run.is_committed & run.is_written)
    writes = writes[np.argsort(run.versions[writes], kind="stable")]
    made = run.versions[writes]
    is_strict = (made[1:] > made[:-1]).all()
    rises = (run.versions[updates.reads] < run.versions[updates.writes]).all()
    return RunOrder(Rule.VERSIONS, run.versions, writes, updates) if is_strict and rises else None


def _confirmed_clock(run: RunAccesses, committed: Integers, roles: list[Role]) -> Integers | None:
    """Return the accesses in the order of their process's clock, None if it is not confirmed."""
    processes = {role.actor.process for role in roles}
    if len(processes) != 1 or not next(iter(processes)).is_known:
        return None
    if (run.reads[committed][run.is_read[committed]] == 0).any():
        return None
    clock = committed[np.lexsort((run.ends[committed], run.starts[committed]))]
    in_order = _keeps_program_order(run, clock) and _is_unambiguous(run, clock)
    return clock if in_order and _values_follow(run, clock) else None


def _keeps_program_order(run: RunAccesses, clock: Integers) -> bool:
    """Whether each transaction's accesses, which are numbered in their order, stand so in `clock`."""
    by_transaction = clock[np.argsort(run.transaction[clock], kind="stable")]
    own = run.transaction[by_transaction]
    return bool(((by_transaction[1:] > by_transaction[:-1]) | (own[1:] != own[:-1])).all())


def _is_unambiguous(run: RunAccesses, clock: Integers) -> bool:
    """Whether of any two accesses that overlap in time, one a write, the first happens before.

    Time: O(k) where none overlap, else O(k · as many as are open at a time).
    """
    starts, ends = run.starts[clock], run.ends[clock]
    if (np.maximum.accumulate(ends)[:-1] < starts[1:]).all():
        return True
    rows = zip(
        *(column.tolist() for column in (starts, ends, run.is_written[clock], run.transaction[clock])),
        strict=True,
    )
    under_way: list[tuple[int, int, bool, int]] = []
    for row in rows:
        start, _, writes, own = row
        under_way = [other for other in under_way if other[1] >= start]
        if any((writes or other[2]) and other[3] != own for other in under_way):
            return False
        under_way.append(row)
    return True


def _values_follow(run: RunAccesses, clock: Integers) -> bool:
    """Whether every read, all of them known, returns what the access before it left."""
    reads = run.reads[clock]
    left = np.where(run.is_written[clock], run.writes[clock], reads)
    return bool(((reads[1:] == left[:-1]) | ~run.is_read[clock][1:]).all())
