"""Findings at rest. Each belongs to the trace or the run that yields it, and is replaced with it.

A finding of one trace or run is an *entry*. Entries of one fingerprint are one *group*, the finding
that a reader sees: what `raceway_core.finding.merge_findings` makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from raceway_common.ports.work_queue import RunClaim
from raceway_core.finding import Finding, FindingKind, PairCounts, Verdict
from raceway_core.turn import NO_TURN, PackedTurn


class FindingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A finding packed by an analysis worker (`raceway_common.packing`).

    `body` is the whole finding; the rest is what stores look at without unpacking it. `lead` orders
    the entries of a group bytewise as `merge_findings` does: the smallest speaks for the group.
    """

    fingerprint: str
    kind: FindingKind
    aliases: tuple[str, ...]
    verdict_rank: int
    severity_rank: int
    across_traces: bool
    may_hide: bool
    uncovered: bool
    pairs: int
    pairs_by_verdict: PairCounts
    first_ns: int
    last_ns: int
    nearest_ns: int
    lead: bytes
    body: bytes


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A counted run, packed by an analysis worker. `turn` is that of all its windows."""

    claim: RunClaim
    findings: tuple[FindingEntry, ...]
    turn: PackedTurn = NO_TURN


class FindingCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last group of a page, as `Finding.sort_key` orders it; the next page begins after it."""

    verdict_rank: int
    is_covered: bool
    severity_rank: int
    nearest_ns: int
    fingerprint: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which groups to list.

    With `since_ns` only those whose last event, `last_ns`, is not before it; a group is listed as a whole,
    with its older entries. With `kind` or `verdict` only groups that are of it, whatever some entry in them
    is.
    """

    with_hidden: bool = False
    since_ns: int | None = None
    kind: FindingKind | None = None
    verdict: Verdict | None = None


SHOWN = Wanted()


class FindingStore(Protocol):
    async def replace_runs(self, outcomes: Sequence[RunOutcome], *, now_ns: int) -> None:
        """Replace the findings of runs and complete their claims, in one transaction.

        An outcome is ignored when its or a newer version of the run has been counted already.

        Raises:
            Retryable: Nothing was replaced.
        """
        ...

    async def version(self) -> int:
        """Return a number that grows whenever a stored finding comes, changes or goes."""
        ...

    async def all(self) -> Sequence[Finding]:
        """Return every entry, merged by nobody yet. Time and memory grow with their number."""
        ...

    async def page(
        self, *, limit: int, after: FindingCursor | None, wanted: Wanted = SHOWN
    ) -> Sequence[Finding]:
        """Return groups in the order of `Finding.sort_key`, by keyset; fewer than `limit` are the last."""
        ...

    async def count(self, wanted: Wanted = SHOWN) -> int:
        """Return how many groups `page` lists in all."""
        ...

    async def by_fingerprint(self, fingerprint: str) -> Sequence[Finding]:
        """Return the groups that have `fingerprint`, or have it as an alias; the former first."""
        ...
