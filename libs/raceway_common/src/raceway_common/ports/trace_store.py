"""Results of traces, and the pages that list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, IntEnum
from typing import Protocol

import msgspec

from raceway_common.ports.finding_store import FindingEntry
from raceway_common.ports.work_queue import RunClaim, TraceClaim
from raceway_core.bucketed.bucket import CallEntry
from raceway_core.event import TraceId
from raceway_core.result import Link, LockOrder, OrderClass, TraceSummary, Window


class Section(IntEnum):
    """The parts of a result that are asked for one by one. Their numbers are stored."""

    RACES = 1
    AUDIT_TRAILS = 2
    CRITICAL_PATHS = 3
    SELF_TIMES = 4
    EVENT_NOTES = 5
    DEADLOCKS = 6
    LOCKS = 7
    ISOLATION = 8
    MEASUREMENTS = 10


TOGETHER = 0
"""In place of a section's number: all of them, which is how those of small results are stored."""


class DeclaredEntry(msgspec.Struct, frozen=True, gc=False):
    """What a trace declares of one resource: how many transactions, and all of them in `body`."""

    resource: str
    transactions: int
    body: bytes


class TraceOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An analyzed trace, packed by an analysis worker (`raceway_common.packing`).

    `sections` has either `TOGETHER` or every section that is not empty. `lock_sums` is what the trace adds
    to the sums of locks (`raceway_common.lock_sum`).
    """

    claim: TraceClaim
    summary: TraceSummary
    race_pairs: int
    sections: dict[int, bytes]
    findings: tuple[FindingEntry, ...]
    windows: tuple[Window, ...]
    lock_sums: bytes = b""
    declared: tuple[DeclaredEntry, ...] = ()
    lock_orders: tuple[LockOrder, ...] = ()
    calls: tuple[CallEntry, ...] = ()


class TraceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A trace in a list. `as_of` is the version its results were computed from."""

    summary: TraceSummary
    race_pairs: int
    as_of: int
    version: int


class TraceFilter(msgspec.Struct, frozen=True, kw_only=True):
    min_events: int = 0
    service: str | None = None
    has_race: bool | None = None


class TraceCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page; the next page begins after it."""

    last_ns: int
    trace_id: TraceId


class ServiceRow(msgspec.Struct, frozen=True, gc=False):
    name: str
    event_count: int
    trace_count: int
    last_ns: int


class ServiceCalls(msgspec.Struct, frozen=True, gc=False):
    """How often one service called another in all traces, and in how many traces it did.

    `by_link` has the links that were used.
    """

    caller: str
    callee: str
    trace_count: int
    by_link: Mapping[Link, int]

    @property
    def count(self) -> int:
        """All calls."""
        return sum(self.by_link.values())


class LockTotals(msgspec.Struct, frozen=True, gc=False):
    """How locks of one pattern were used in all traces; `scope` says who shares them.

    Times are in microseconds (`raceway_common.lock_sum`).
    """

    lock_key: bytes
    lock: str
    scope: str
    trace_count: int
    holds: int
    hold_us: int
    waits: int
    wait_us: int
    contended: int
    contended_us: int


class LockCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page of locks; the next page begins after it."""

    wait_us: int
    hold_us: int
    lock_key: bytes


class DeclaredRow(msgspec.Struct, frozen=True, gc=False):
    """What a trace declares of one resource; `raceway_common.packing` reads `body`."""

    trace_id: TraceId
    transactions: int
    body: bytes


class CallMeasures(msgspec.Struct, frozen=True, gc=False):
    """How the calls of one service to another ended, and how long they took.

    `told` are the calls of which it is known whether they `failed`; `buckets` count durations by the
    buckets of a sketch (`raceway_core.baseline.sketch`).
    """

    told: int
    failed: int
    buckets: Mapping[int, int]


class VariableRow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A variable, summed over the current results of all traces.

    `race_pairs` race inside traces, `across_pairs` are proven or observed between traces. `services`
    are those that touched it, by name; of many only those that did in the most traces.
    """

    name: str
    scope: str
    trace_count: int
    accesses: int
    reads: int
    writes: int
    race_pairs: int
    across_pairs: int
    services: tuple[str, ...]

    @property
    def raced(self) -> int:
        """All racing pairs."""
        return self.race_pairs + self.across_pairs


class VariableOrder(Enum):
    """By what variables are listed, most first; the other one decides between equals."""

    RACED = "raced"
    ACCESSED = "accessed"


class VariableFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is a variable's whole name, `text` a part of it in any case of ASCII letters."""

    name: str | None = None
    text: str | None = None
    order: VariableOrder = VariableOrder.RACED


class VariableCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last variable of a page; the next page begins after it."""

    raced: int
    accesses: int
    variable_key: bytes


class SharedVariables(msgspec.Struct, frozen=True, gc=False):
    """How many variables two services have in common, `first < second`."""

    first: str
    second: str
    count: int


class Totals(msgspec.Struct, frozen=True, gc=False):
    """`traces` are all that are stored; the rest counts analyzed ones. `events` are distinct."""

    traces: int
    events: int
    analyzed_traces: int
    race_pairs: int


class TraceStore(Protocol):
    async def replace(self, outcomes: Sequence[TraceOutcome], *, now_ns: int) -> None:
        """Replace results, findings, windows and lock orders of the traces and complete their claims.

        One transaction, in which what the traces add to `BaselineStore` is replaced too. An outcome
        that is not newer than what is stored is ignored. Every run that
        a trace's windows touch, or touched before, is marked due in the same transaction, unless it
        has one window or its windows follow one another in turns (`raceway_core.turn`). So is a
        variable's run over all time, once a window came that may lose something, when one with deeds
        comes or goes (`raceway_core.deed_key`). And so is every run of locks that a trace's lock orders
        touch, or touched before, unless it is settled (`raceway_core.locking.across`) and no class came
        or went.

        Raises:
            Retryable: Nothing was replaced.
        """
        ...

    async def version(self) -> int:
        """Return a number that grows whenever results are replaced.

        While it is the same, whatever this store and `BaselineStore` say of results is the same.
        """
        ...

    async def row(self, trace_id: TraceId) -> TraceRow | None: ...

    async def section(self, trace_id: TraceId, section: Section) -> bytes | None:
        """Return what was packed with a section in it, from which `raceway_common.packing` takes it out.

        None while the trace is not analyzed; also for a section that is empty.
        """
        ...

    async def sections(self, trace_ids: Sequence[TraceId], section: Section) -> Mapping[TraceId, bytes]:
        """Return what `section` does for each trace; what is not analyzed is left out."""
        ...

    async def page(self, wanted: TraceFilter, *, limit: int, after: TraceCursor | None) -> Sequence[TraceRow]:
        """Return analyzed traces, newest last event first, by keyset."""
        ...

    async def numbered_page(
        self, wanted: TraceFilter, *, limit: int, offset: int
    ) -> tuple[Sequence[TraceRow], int]:
        """Return a page by offset and the number of all traces that fit; for old clients."""
        ...

    async def services(self) -> Sequence[ServiceRow]:
        """Return all services by name."""
        ...

    async def service_calls(self, *, limit: int) -> tuple[Sequence[ServiceCalls], int]:
        """Return the pairs of services with the most calls, then by name.

        Also by how many links all pairs are joined: a pair counts once for each link that it uses.
        """
        ...

    async def calls_around(
        self, service: str, *, limit: int
    ) -> tuple[Sequence[ServiceCalls], Sequence[ServiceCalls]]:
        """Return whom a service calls and who calls it, most calls first; at most `limit` of each."""
        ...

    async def locks(self, *, limit: int, after: LockCursor | None) -> Sequence[LockTotals]:
        """Return sums of locks, the one most waited for first, then the one held longest, by keyset."""
        ...

    async def declared(self, *, since_ns: int, resource: str | None, limit: int) -> Sequence[DeclaredRow]:
        """Return what analyzed traces declare whose last event is not before `since_ns`, newest first.

        Of one resource, or with None of all.
        """

    async def call_measures(self, pairs: Sequence[tuple[str, str]]) -> Sequence[CallMeasures]:
        """Return what was measured of the calls of each (caller, callee), in their order."""
        ...

    async def totals(self) -> Totals: ...

    async def variables(
        self, wanted: VariableFilter, *, limit: int, after: VariableCursor | None
    ) -> Sequence[VariableRow]:
        """Return variables that current results have touched, in the wanted order, by keyset.

        Time grows with the number of variables, and of findings across traces.
        """
        ...

    async def access_counts(self, names: Sequence[str]) -> Mapping[str, int]:
        """Return how often the variables of each name were accessed, in all scopes together."""
        ...

    async def shared_variables(self, *, limit: int) -> Sequence[SharedVariables]:
        """Return the pairs of services with the most variables in common, then by name.

        Of a variable that many services touch only those count that did in the most traces.
        """
        ...

    async def variable_windows(
        self, variable: str, scope: str, *, from_ns: int, limit: int
    ) -> tuple[Sequence[tuple[TraceId, Window]], int | None]:
        """Return the windows of a variable that end at `from_ns` or later, the earliest begin first.

        At most `limit`, and fewer if they are large, but one at least. Also when the first of those
        begins that are left out, None if none is.
        """
        ...

    async def windows(self, runs: Sequence[RunClaim]) -> Sequence[Sequence[tuple[TraceId, Window]]]:
        """Return for each run the windows of its variable that touch its span, ordered by trace id."""
        ...

    async def exemplars(self, runs: Sequence[RunClaim]) -> Sequence[Sequence[tuple[TraceId, Window]]]:
        """Return for each run the exemplars of all windows of its variable (`across.exemplar`), by trace id.

        Time: it does not depend on how many windows there are of the same kind.
        """
        ...

    async def lock_classes(self, runs: Sequence[RunClaim]) -> Sequence[Sequence[OrderClass]]:
        """Return for each run of locks the classes that touch its scope, by body; of others none.

        Each has its `MOST_REQUESTS` smallest examples, by the time of the first request and the trace.
        """
        ...
