"""What is known around the accesses of several runs of one variable, for `raceway_core.grouping`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from raceway_core.access import Access, Variable
from raceway_core.across.accesses import RunAccesses
from raceway_core.event import LockMode
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Place
from raceway_core.lockset import LockKey
from raceway_core.moment import Moment


class RunSurroundings:
    """The surroundings of the accesses of runs, each of which has traces of its own."""

    def __init__(self, runs: Iterable[RunAccesses]) -> None:
        self._run_of = {trace_id: run for run in runs for trace_id in run.traces}
        self._runs = list({id(run): run for run in self._run_of.values()}.values())

    def evidence(self, access: Access) -> AccessEvidence:
        """Return an access as a reader sees it."""
        return self._run_of[access.trace_id].evidence(access)

    def places(self, access: Access) -> Sequence[Place]:
        """Return all places where the access's transaction touched its variable."""
        run = self._run_of[access.trace_id]
        return [run.roles[role].side.place for role in run.role[run.of_transaction(access)].tolist()]

    def lock_uses(self, variable: Variable) -> dict[LockKey, int]:
        """Return how many accesses held each lock exclusively."""
        uses: dict[LockKey, int] = {}
        for run in self._runs:
            counts = np.bincount(run.role, minlength=len(run.roles)).tolist()
            for role, count in zip(run.roles, counts, strict=True):
                for name, scope_key, mode in role.lockset:
                    if mode is LockMode.EXCLUSIVE:
                        uses[name, scope_key] = uses.get((name, scope_key), 0) + count
        return uses

    def ancestor(self, first: Access, second: Access) -> Moment | None:
        """Return that nothing is known to lead to accesses of two traces."""
        return None
