"""Findings at rest. Each belongs to the trace or the run that yields it, and is replaced with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from raceway_common.ports.work_queue import RunClaim
from raceway_core.finding import Finding


class FindingStore(Protocol):
    async def replace_run(self, claim: RunClaim, findings: Sequence[Finding]) -> None:
        """Replace the findings of a run and complete its claim, in one transaction.

        Ignored when a newer version of the run has been counted already.
        """
        ...

    async def all(self) -> Sequence[Finding]:
        """Return every stored finding, one entry per trace or run, merged by nobody yet."""
        ...

    async def by_fingerprint(self, fingerprint: str) -> Sequence[Finding]:
        """Return the entries of one fingerprint or alias."""
        ...
