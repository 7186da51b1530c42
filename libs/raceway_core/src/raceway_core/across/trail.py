"""The audit trail of one variable across traces: what all of them did to it, in one sequence.

Traces have no causal link. What orders their accesses is what the windows know: a lock that was handed
over, and time. A trail stands by the times at which accesses ended, each trace's own accesses in their
linear extension of happens-before, and nothing before what handed it a lock
(`raceway_core.across.trail_order`).

An entry says what links it to the one before: `program order` or `happens before` in one trace, `lock`
where one was handed over; else `time`, if one clock or one host says that all that the one transaction
did to the variable was over before the other's began; else `concurrent`. It *follows* if the value that
it saw is the one last written; what is not known contradicts nothing. Both partners of a race are
marked, of pairs inside traces and of pairs that were seen to overlap (`raceway_core.across.racing`).

A long trail is cut into pages by a key that depends on a window alone: so a page needs only the windows
that reach into it. Within a page the entries stand in the order above.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from raceway_core.access import Access, transaction_key
from raceway_core.across.opened import OpenedWindows
from raceway_core.across.racing import racing_across
from raceway_core.across.trail_order import in_order
from raceway_core.across.window import Opened
from raceway_core.audit_trail import CONCURRENT, INDIRECT
from raceway_core.causal_graph import EdgeKind
from raceway_core.counting.site import uncertainty_ns
from raceway_core.event import TraceId
from raceway_core.finding import AccessEvidence
from raceway_core.result import Window
from raceway_core.value import UNKNOWN, ValueKey

LOCK = "lock"
TIME = "time"

_MARK_BYTES = 8


class Place(NamedTuple):
    """Where an access stands among all: by its end, or a later one of its trace before it."""

    time_ns: int
    trace_id: TraceId
    number: int


class TrailPart(NamedTuple):
    """Which part of a trail to tell: places after `after` and before `before_ns`, at most `limit`.

    `written` is what was last written before, as `TrailPage.written` tells it.
    """

    after: Place
    before_ns: int
    limit: int
    written: bytes = b""


class TrailEntry(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One access. `linked`: the entry before is known to come before it, by what `edge` says."""

    access: AccessEvidence
    linked: bool
    edge: str
    is_race: bool
    follows: bool


class TrailPage(NamedTuple):
    """A part of a trail. `last` is the last place of it; `has_more` tells that `limit` cut it.

    `written` stands for the value that was written last, empty if it is not known. `reach_ns` is when
    the transactions of the entries began and ended: what touched the variable in that time may race
    with them.
    """

    entries: Sequence[TrailEntry]
    last: Place
    has_more: bool
    written: bytes
    reach_ns: tuple[int, int]


def trail_of(windows: Sequence[tuple[TraceId, Window]], part: TrailPart) -> TrailPage:
    """Return a part of a variable's trail; `windows` are all that reach into it.

    Of races the entries tell only those with what is in `windows` (see `TrailPage.reach_ns`).

    Time: O(k log k) for k accesses and stamps of locks, and what `racing_across` takes.
    """
    opened = {trace_id: Opened(trace_id, window) for trace_id, window in windows}
    run = OpenedWindows(opened)
    places = sorted(place for trace_id, window in opened.items() for place in _places(trace_id, window))
    wanted = [place for place in places if place > part.after and place.time_ns < part.before_ns]
    shown = wanted[: part.limit]
    before = [place for place in places if place <= part.after]
    teller = _Teller(run, opened, part.written)
    order = in_order([(place.trace_id, place.number) for place in shown], opened)
    previous = opened[before[-1].trace_id].accesses[before[-1].number] if before else None
    entries = teller.entries(order, previous)
    return TrailPage(
        entries=entries,
        last=shown[-1] if shown else part.after,
        has_more=len(wanted) > len(shown),
        written=teller.written,
        reach_ns=_reach_ns(run, [opened[place.trace_id].accesses[place.number] for place in shown]),
    )


def _places(trace_id: TraceId, window: Opened) -> list[Place]:
    ends = accumulate((access.end_ns for access in window.accesses), max)
    return [Place(end_ns, trace_id, number) for number, end_ns in enumerate(ends)]


def _reach_ns(run: OpenedWindows, accesses: Sequence[Access]) -> tuple[int, int]:
    reaches = [run.reaches[transaction_key(access)] for access in accesses]
    return (
        min((reach.start_ns for reach in reaches), default=0),
        max((reach.end_ns for reach in reaches), default=0),
    )


class _Teller:
    """Tells of each access of a run what links it to the one before, and whether it fits."""

    def __init__(self, run: OpenedWindows, opened: dict[TraceId, Opened], written: bytes) -> None:
        self._run = run
        self._opened = opened
        self._racing = racing_across(run)
        self.written = written

    def entries(self, order: Sequence[tuple[TraceId, int]], previous: Access | None) -> Sequence[TrailEntry]:
        """Return the entries of a sequence; `previous` is what comes before its first."""
        entries: list[TrailEntry] = []
        for trace_id, number in order:
            window = self._opened[trace_id]
            access = window.accesses[number]
            edge = "" if previous is None else self._edge(previous, access)
            entries.append(
                TrailEntry(
                    access=window.evidence(number),
                    linked=edge not in {CONCURRENT, TIME},
                    edge=edge,
                    is_race=window.is_racing(number) or (trace_id, number) in self._racing,
                    follows=access.read == UNKNOWN or self.written in {b"", _mark(access.read)},
                )
            )
            if access.access_type.writes:
                self.written = _mark(access.written)
            previous = access
        return entries

    def _edge(self, first: Access, second: Access) -> str:
        if first.trace_id == second.trace_id:
            if first.transaction == second.transaction:
                return EdgeKind.PROGRAM.value
            window = self._opened[first.trace_id]
            return INDIRECT if window.happens_before(first.number, second.number) else CONCURRENT
        if self._run.lock_order(first, second):
            return LOCK
        return TIME if self._is_over(first, second) else CONCURRENT

    def _is_over(self, first: Access, second: Access) -> bool:
        """Whether the first's transaction was over before the second's began, on clocks that compare."""
        mine, theirs = (self._run.reaches[transaction_key(access)] for access in (first, second))
        slack_ns = uncertainty_ns(mine.site, theirs.site)
        return slack_ns is not None and mine.end_ns + slack_ns < theirs.start_ns


def _mark(value: ValueKey) -> bytes:
    """Return what stands for a value wherever it may be long; nothing for an unknown one."""
    return hashlib.blake2b(value.encode(), digest_size=_MARK_BYTES).digest() if value else b""
