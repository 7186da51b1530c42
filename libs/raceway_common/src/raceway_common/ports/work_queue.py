"""Who analyzes what, and when: claims on due traces and due runs.

A claim is a lease. Whoever holds one either completes it (`TraceStore.replace`,
`FindingStore.replace_runs`), releases it, or lets it expire; then the work is due again. A claim
carries the version of its data when it was claimed, and completing it is a no-op for data that
has a newer result already; when newer data came meanwhile the work stays due.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from raceway_core.event import TraceId

UNLIMITED = 2**63 - 1


class TraceClaim(msgspec.Struct, frozen=True, gc=False):
    """A lease on a trace. Whoever analyzed newer events than `version` completes with that version.

    `size` is how many events are stored, duplicates included: huge traces are read and analyzed alone.
    """

    trace_id: TraceId
    version: int
    size: int = 0


class RunClaim(msgspec.Struct, frozen=True, gc=False):
    """A lease on one fixed span of event time of one variable (`raceway_core.run`).

    A run exists for each span in which a window begins, since that is where pairs are counted.
    `size` is at least how many windows begin there: huge runs are read and counted alone.

    A run may also be of the locks of one scope (`run_of_locks`), over all time; it has classes of
    dependencies in place of windows. And a variable that may lose updates (`raceway_core.deed_key`) has a
    run over all time, `EVER` in place of a span, with the exemplars of its windows.
    """

    variable: str
    scope: str
    span: int
    version: int
    size: int = 0

    @property
    def is_ever(self) -> bool:
        """Whether the run is of a variable over all time."""
        return self.span == EVER

    @property
    def locks_of(self) -> str | None:
        """The scope key whose locks the run is of; None if it is of a variable."""
        return self.scope.removeprefix(_LOCKS) if self.scope.startswith(_LOCKS) else None


LOCKS_SPAN = 0
"""The span of each run of locks."""

EVER = -(2**62)
"""In place of a span: no window begins in it."""

_LOCKS = "locks "
"""No scope key begins like this."""


def run_of_locks(scope: str) -> tuple[str, str]:
    """Return the variable and the scope by which the run of the locks of a scope key is claimed."""
    return "", _LOCKS + scope


class WorkQueue(Protocol):
    async def claim_traces(
        self, most: int, *, owner: str, now_ns: int, most_size: int = UNLIMITED
    ) -> Sequence[TraceClaim]:
        """Lease up to `most` due traces, longest due first, that nobody else holds.

        They are of `most_size` together, or one: a lease should not end before its work does.
        """
        ...

    async def claim_runs(
        self, most: int, *, owner: str, now_ns: int, most_size: int = UNLIMITED
    ) -> Sequence[RunClaim]:
        """Lease up to `most` due runs that nobody else holds, likewise."""
        ...

    async def release(self, *, owner: str) -> None:
        """Give back all leases of `owner`; the work is due at once."""
        ...

    async def due(self) -> int:
        """Return how many traces and runs are not current: due now, due later, or leased."""
        ...

    async def next_due_ns(self) -> int | None:
        """Return when the next work falls due, in the past if it is waiting, None if there is none."""
        ...
